"""Staff: invited, accepted, changed, disabled, and never without an admin."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from praxispost.chassis.v1.envelope_pb2 import Envelope
from praxispost.identity.v1 import sessions_pb2, sessions_pb2_grpc, staff_pb2, tokens_pb2
from tests.integration.identity.organisation.house import (
    PASSWORD,
    House,
    Metadata,
    PracticeAndAdmin,
    both,
    request_id,
)
from tests.integration.identity.stage import reason, refusal


def invite(**changed: Any) -> staff_pb2.InviteStaffMemberRequest:
    request = staff_pb2.InviteStaffMemberRequest(
        request_id=request_id(),
        email=f"mia.{uuid4().hex}@example.com",
        given_name="Mia",
        family_name="Meier",
        role=staff_pb2.STAFF_ROLE_ASSISTANT,
    )
    request.MergeFrom(staff_pb2.InviteStaffMemberRequest(**changed))
    return request


async def in_office(house: House) -> tuple[PracticeAndAdmin, Metadata]:
    """A practice whose admin has accepted, and how the admin calls."""
    practice = await house.practice()
    await house.accept(practice.admin_email, (await house.invitation(practice.admin_email)).code)
    return practice, house.caller("admin", practice.id, practice.admin_id)


async def get(house: House, staff_id: UUID | str, metadata: Metadata) -> staff_pb2.StaffMember:
    request = staff_pb2.GetStaffMemberRequest(staff_id=str(staff_id))
    return (await house.staff.GetStaffMember(request, metadata=metadata)).staff_member


async def test_who_accepts_an_invitation_can_log_in(house: House) -> None:
    practice, admin = await in_office(house)
    request = invite()
    invited = await house.staff.InviteStaffMember(request, metadata=admin)
    member = await get(house, invited.staff_id, admin)
    assert (member.state, member.role) == (
        staff_pb2.STAFF_STATE_INVITED,
        staff_pb2.STAFF_ROLE_ASSISTANT,
    )
    assert (member.email, member.given_name, member.family_name) == (request.email, "Mia", "Meier")

    code = (await house.invitation(request.email)).code
    accepted = await house.accept(request.email, f" {code.lower().replace('-', ' ')}")
    assert str(accepted) == invited.staff_id
    assert (await get(house, accepted, admin)).state == staff_pb2.STAFF_STATE_ACTIVE
    login = sessions_pb2.LoginStaffRequest(email=request.email.upper(), password=PASSWORD)
    session = await sessions_pb2_grpc.SessionServiceStub(house.channel).LoginStaff(
        login, metadata=house.caller("portal")
    )
    assert (session.staff_id, session.practice_id) == (invited.staff_id, str(practice.id))


async def test_the_same_request_again_invites_nobody_twice(house: House) -> None:
    _, admin = await in_office(house)
    request = invite()
    answers = await both(*(house.staff.InviteStaffMember(request, metadata=admin) for _ in range(3)))
    assert answers[0] == answers[1] == answers[2]
    assert len(await house.invitations(request.email)) == 1
    request.given_name = "Pia"
    assert await reason(house.staff.InviteStaffMember(request, metadata=admin)) == "REQUEST_ID_REUSED"


async def test_an_address_stands_for_one_member_of_a_practice_and_may_for_one_of_another(
    house: House,
) -> None:
    _, admin = await in_office(house)
    _, other = await in_office(house)
    first = invite()
    twin = invite(email=first.email.upper())
    await house.staff.InviteStaffMember(first, metadata=admin)
    assert await reason(house.staff.InviteStaffMember(twin, metadata=admin)) == "STAFF_EMAIL_TAKEN"
    await house.staff.InviteStaffMember(twin, metadata=other)


async def test_two_invitations_of_one_address_at_the_same_moment_make_one_member(house: House) -> None:
    _, admin = await in_office(house)
    first = invite()
    twins = [invite(email=first.email) for _ in range(3)]
    calls = [house.staff.InviteStaffMember(each, metadata=admin) for each in twins]
    answers = await both(*calls)
    assert sum(isinstance(each, staff_pb2.InviteStaffMemberResponse) for each in answers) == 1


@pytest.mark.parametrize("typed", ["AAAAA-AAAAA", "1", "ß"])
async def test_a_wrong_code_and_an_unknown_address_are_refused_alike(house: House, typed: str) -> None:
    practice = await house.practice()
    known, unknown = [
        await refusal(house.accept(email, typed)) for email in (practice.admin_email, "nobody@example.com")
    ]
    assert known.reason == unknown.reason == "CODE_REFUSED"
    assert (known.message, known.status) == (unknown.message, unknown.status)


async def test_an_invitation_is_good_once_and_for_its_address(house: House) -> None:
    first, second = await house.practice(), await house.practice()
    code = (await house.invitation(first.admin_email)).code
    assert await reason(house.accept(second.admin_email, code)) == "CODE_REFUSED"
    await house.accept(first.admin_email, code)
    assert await reason(house.accept(first.admin_email, code, "Fünfzehn laute Möwen")) == "CODE_REFUSED"


async def test_one_of_two_acceptances_at_the_same_moment_wins(house: House) -> None:
    practice = await house.practice()
    code = (await house.invitation(practice.admin_email)).code
    answers = await both(*(house.accept(practice.admin_email, code) for _ in range(3)))
    assert sum(each == practice.admin_id for each in answers) == 1


async def test_an_invitation_ends_after_three_days(house: House) -> None:
    practice = await house.practice()
    code = (await house.invitation(practice.admin_email)).code
    house.clock.advance(timedelta(hours=72))
    assert await reason(house.accept(practice.admin_email, code)) == "CODE_REFUSED"


async def test_a_weak_password_is_refused_and_the_invitation_stays(house: House) -> None:
    practice = await house.practice()
    code = (await house.invitation(practice.admin_email)).code
    for password in ("kurz", "passwortpasswort", practice.admin_email):
        assert await reason(house.accept(practice.admin_email, code, password)) == "PASSWORD_TOO_WEAK"
    await house.accept(practice.admin_email, code)


async def test_members_of_two_practices_at_one_address_have_passwords_of_their_own(house: House) -> None:
    email = f"mia.{uuid4().hex}@example.com"
    codes = []
    for _ in range(2):
        _, admin = await in_office(house)
        await house.staff.InviteStaffMember(invite(email=email), metadata=admin)
        codes.append((await house.invitation(email)).code)
    await both(*(house.accept(email, code) for code in codes))
    states = await house.rows(
        "SELECT count(password_hash), count(*) FROM staff_member WHERE email_index = %s",
        house.base.proofs.contact.email(email),
    )
    assert states == [(1, 2)]
    for code in codes:
        assert await reason(house.accept(email, code)) in {"CODE_REFUSED", "PASSWORD_TOO_WEAK"}
    others = await both(*(house.accept(email, code, "Sechzehn alte Eulen") for code in codes))
    assert sum(isinstance(each, UUID) for each in others) == 1


async def test_a_new_invitation_kills_the_old_one_and_only_so_many_are_sent(house: House) -> None:
    practice, admin = await in_office(house)
    request = invite()
    invited = await house.staff.InviteStaffMember(request, metadata=admin)
    again = staff_pb2.ResendInvitationRequest(staff_id=invited.staff_id)
    old = (await house.invitation(request.email)).code
    for _ in range(2):
        house.clock.advance(timedelta(seconds=1))
        await house.staff.ResendInvitation(again, metadata=house.caller("admin", practice.id))
    refused = await refusal(house.staff.ResendInvitation(again, metadata=house.caller("admin", practice.id)))
    assert (refused.reason, refused.metadata["retry_after_seconds"]) == ("TOO_MANY_CODES", "898")
    assert await reason(house.accept(request.email, old)) == "CODE_REFUSED"
    await house.accept(request.email, (await house.invitation(request.email)).code)
    house.clock.advance(timedelta(hours=1))
    late = house.staff.ResendInvitation(again, metadata=house.caller("admin", practice.id))
    assert await reason(late) == "INVITATION_ACCEPTED"


async def test_a_disabled_member_loses_the_sessions_and_gets_in_again_once_enabled(house: House) -> None:
    practice, admin = await in_office(house)
    staff_id = await house.member(practice, staff_pb2.STAFF_ROLE_PHYSICIAN)
    email = (await get(house, staff_id, admin)).email
    stub, portal = sessions_pb2_grpc.SessionServiceStub(house.channel), house.caller("portal")
    login = sessions_pb2.LoginStaffRequest(email=email, password=PASSWORD)
    session = (await stub.LoginStaff(login, metadata=portal)).session
    exchange = tokens_pb2.ExchangeSessionRequest(session=session, audience="identity")
    await house.tokens.ExchangeSession(exchange, metadata=portal)

    disable = staff_pb2.DisableStaffMemberRequest(staff_id=str(staff_id))
    disabled = await house.staff.DisableStaffMember(disable, metadata=admin)
    assert disabled.staff_member.state == staff_pb2.STAFF_STATE_DISABLED
    assert await reason(house.tokens.ExchangeSession(exchange, metadata=portal)) == "SESSION_ENDED"
    assert await reason(stub.LoginStaff(login, metadata=portal)) == "LOGIN_REFUSED"

    enable = staff_pb2.EnableStaffMemberRequest(staff_id=str(staff_id))
    enabled = await house.staff.EnableStaffMember(enable, metadata=admin)
    assert enabled.staff_member.state == staff_pb2.STAFF_STATE_ACTIVE
    assert await reason(house.tokens.ExchangeSession(exchange, metadata=portal)) == "SESSION_ENDED"
    assert (await stub.LoginStaff(login, metadata=portal)).staff_id == str(staff_id)


async def test_other_services_hear_once_who_was_disabled_and_who_was_enabled(house: House) -> None:
    practice, admin = await in_office(house)
    staff_id = str(await house.member(practice, staff_pb2.STAFF_ROLE_ASSISTANT))
    disable = staff_pb2.DisableStaffMemberRequest(staff_id=staff_id)
    enable = staff_pb2.EnableStaffMemberRequest(staff_id=staff_id)
    for _ in range(2):
        await house.staff.DisableStaffMember(disable, metadata=admin)
    house.clock.advance(timedelta(seconds=1))
    for _ in range(2):
        await house.staff.EnableStaffMember(enable, metadata=admin)
    rows = await house.rows("SELECT envelope FROM outbox WHERE type LIKE 'identity.staff_%%' ORDER BY id")
    envelopes = [Envelope.FromString(envelope) for (envelope,) in rows]
    told = [each for each in envelopes if each.aggregate_id == staff_id]
    assert [each.type for each in told] == ["identity.staff_disabled", "identity.staff_enabled"]
    assert {each.tenant_id for each in told} == {str(practice.id)}
    assert told[0].aggregate_version < told[1].aggregate_version


async def test_messaging_learns_where_a_member_stands_and_nothing_else(house: House) -> None:
    practice, admin = await in_office(house)
    neighbour, _ = await in_office(house)
    staff_id = str(await house.member(practice, staff_pb2.STAFF_ROLE_ASSISTANT))
    messaging = house.caller("messaging")

    async def state(practice_id: UUID, member: str) -> staff_pb2.StaffState.ValueType:
        request = staff_pb2.GetStaffStateRequest(practice_id=str(practice_id), staff_id=member)
        return (await house.staff.GetStaffState(request, metadata=messaging)).state

    assert await state(practice.id, staff_id) == staff_pb2.STAFF_STATE_ACTIVE
    disable = staff_pb2.DisableStaffMemberRequest(staff_id=staff_id)
    await house.staff.DisableStaffMember(disable, metadata=admin)
    assert await state(practice.id, staff_id) == staff_pb2.STAFF_STATE_DISABLED
    for practice_id, member in ((neighbour.id, staff_id), (practice.id, str(uuid4()))):
        assert await reason(state(practice_id, member)) == "STAFF_MEMBER_NOT_FOUND"


async def test_a_disabled_invitation_cannot_be_accepted_until_it_is_enabled(house: House) -> None:
    _, admin = await in_office(house)
    request = invite()
    staff_id = (await house.staff.InviteStaffMember(request, metadata=admin)).staff_id
    code = (await house.invitation(request.email)).code
    disable = staff_pb2.DisableStaffMemberRequest(staff_id=staff_id)
    await house.staff.DisableStaffMember(disable, metadata=admin)
    assert await reason(house.accept(request.email, code)) == "CODE_REFUSED"
    enable = staff_pb2.EnableStaffMemberRequest(staff_id=staff_id)
    enabled = await house.staff.EnableStaffMember(enable, metadata=admin)
    assert enabled.staff_member.state == staff_pb2.STAFF_STATE_INVITED
    await house.accept(request.email, code)


def _disable(house: House, staff_id: UUID, admin: Metadata) -> Awaitable[object]:
    request = staff_pb2.DisableStaffMemberRequest(staff_id=str(staff_id))
    return house.staff.DisableStaffMember(request, metadata=admin)


def _demote(house: House, staff_id: UUID, admin: Metadata) -> Awaitable[object]:
    request = staff_pb2.ChangeStaffRoleRequest(staff_id=str(staff_id), role=staff_pb2.STAFF_ROLE_ASSISTANT)
    return house.staff.ChangeStaffRole(request, metadata=admin)


@pytest.mark.parametrize("remove", [_disable, _demote])
async def test_the_last_active_admin_stays(
    house: House, remove: Callable[[House, UUID, Metadata], Awaitable[object]]
) -> None:
    practice, admin = await in_office(house)
    await house.staff.InviteStaffMember(invite(role=staff_pb2.STAFF_ROLE_ADMIN), metadata=admin)
    assert await reason(remove(house, practice.admin_id, admin)) == "LAST_ADMIN"
    second = await house.member(practice, staff_pb2.STAFF_ROLE_ADMIN)
    await remove(house, practice.admin_id, admin)
    assert await reason(remove(house, second, admin)) == "LAST_ADMIN"


async def test_admins_who_remove_each_other_at_the_same_moment_leave_one(house: House) -> None:
    for remove_first, remove_second in ((_disable, _disable), (_demote, _disable), (_demote, _demote)):
        practice, first = await in_office(house)
        second_id = await house.member(practice, staff_pb2.STAFF_ROLE_ADMIN)
        second = house.caller("admin", practice.id, second_id)
        answers = await both(
            remove_first(house, second_id, first), remove_second(house, practice.admin_id, second)
        )
        assert sum(isinstance(each, Exception) for each in answers) == 1
        left = await house.rows(
            "SELECT count(*) FROM staff_member WHERE practice_id = %s AND role = 'admin'"
            " AND disabled_at IS NULL",
            practice.id,
        )
        assert left == [(1,)]


async def test_staff_are_listed_oldest_first_page_by_page(house: House) -> None:
    practice, _ = await in_office(house)
    made = [str(practice.admin_id)]
    for _ in range(3):
        house.clock.advance(timedelta(seconds=1))
        invited = await house.staff.InviteStaffMember(invite(), metadata=house.caller("admin", practice.id))
        made.append(invited.staff_id)
    physician = house.caller("physician", practice.id)
    request = staff_pb2.ListStaffMembersRequest(page_size=3)
    first = await house.staff.ListStaffMembers(request, metadata=physician)
    request.page_token = first.next_page_token
    second = await house.staff.ListStaffMembers(request, metadata=physician)
    assert [each.id for each in (*first.staff_members, *second.staff_members)] == made
    assert (len(first.staff_members), second.next_page_token) == (3, "")


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"email": "nobody"}, "email"),
        ({"email": "nobody@localhost"}, "email"),
        ({"given_name": "\n"}, "given_name"),
        ({"family_name": "x" * 81}, "family_name"),
        ({"role": 77}, "role"),
        ({"request_id": "1"}, "request_id"),
    ],
)
async def test_an_invitation_that_cannot_be_is_refused_by_name(
    house: House, changed: dict[str, Any], field: str
) -> None:
    _, admin = await in_office(house)
    refused = await refusal(house.staff.InviteStaffMember(invite(**changed), metadata=admin))
    assert (refused.reason, [each.field for each in refused.fields]) == ("INVALID_FIELD", [field])
