"""A staff member who is logged in chooses another password."""

from datetime import timedelta
from uuid import UUID

from praxispost.identity.v1 import sessions_pb2, sessions_pb2_grpc, staff_pb2, tokens_pb2
from tests.integration.identity.organisation.house import PASSWORD, House, PracticeAndAdmin
from tests.integration.identity.stage import bearer, reason

_NEW = "Sieben graue Reiher warten"
_WRONG = "Dreizehn blaue Schwäne fliegen"


async def _admin(house: House) -> PracticeAndAdmin:
    practice = await house.practice()
    await house.accept(practice.admin_email, (await house.invitation(practice.admin_email)).code)
    return practice


async def _session(house: House, email: str, password: str = PASSWORD) -> str:
    stub: sessions_pb2_grpc.SessionServiceAsyncStub = sessions_pb2_grpc.SessionServiceStub(house.channel)
    request = sessions_pb2.LoginStaffRequest(email=email, password=password)
    return (await stub.LoginStaff(request, metadata=house.caller("portal"))).session


async def _exchanged(house: House, session: str) -> tokens_pb2.ExchangeSessionResponse:
    request = tokens_pb2.ExchangeSessionRequest(session=session, audience="identity", by_person=True)
    return await house.tokens.ExchangeSession(request, metadata=house.caller("portal"))


async def _change(
    house: House, session: str, password: str = PASSWORD, new_password: str = _NEW
) -> staff_pb2.ChangeStaffPasswordResponse:
    who = bearer((await _exchanged(house, session)).token)
    request = staff_pb2.ChangeStaffPasswordRequest(password=password, new_password=new_password)
    return await house.staff.ChangeStaffPassword(request, metadata=who)


async def test_the_new_password_counts_and_all_other_sessions_end(house: House) -> None:
    practice = await _admin(house)
    here, elsewhere = [await _session(house, practice.admin_email) for _ in range(2)]
    assert (await _change(house, here)).ended_sessions == 1
    assert await reason(_exchanged(house, elsewhere)) == "SESSION_ENDED"
    assert (await _exchanged(house, here)).subject_id == str(practice.admin_id)
    assert await reason(_session(house, practice.admin_email)) == "LOGIN_REFUSED"
    assert await _session(house, practice.admin_email, _NEW)
    assert "staff_member.changed_password" in await house.audited(practice.id)


async def test_the_old_password_is_asked_for_and_wrong_ones_count(house: House) -> None:
    practice = await _admin(house)
    session = await _session(house, practice.admin_email)
    refused = [await reason(_change(house, session, _WRONG)) for _ in range(6)]
    assert refused == ["PASSWORD_REFUSED"] * 5 + ["TOO_MANY_ATTEMPTS"]
    house.clock.advance(timedelta(minutes=1))
    assert (await _change(house, session)).ended_sessions == 0


async def test_a_weak_password_and_the_old_one_are_refused(house: House) -> None:
    practice = await _admin(house)
    session = await _session(house, practice.admin_email)
    for weak in ("kurz", "passwortpasswort", practice.admin_email, PASSWORD):
        assert await reason(_change(house, session, new_password=weak)) == "PASSWORD_TOO_WEAK"
    assert await reason(_change(house, session, new_password="")) == "INVALID_FIELD"
    assert await _session(house, practice.admin_email)


async def test_two_practices_of_one_address_keep_their_passwords_apart(house: House) -> None:
    practice, other = await _admin(house), await house.practice()
    invite = staff_pb2.InviteStaffMemberRequest(
        request_id=str(UUID(int=practice.id.int ^ 1)),
        email=practice.admin_email,
        given_name="Anna",
        family_name="Arndt",
        role=staff_pb2.STAFF_ROLE_PHYSICIAN,
    )
    await house.staff.InviteStaffMember(invite, metadata=house.caller("admin", other.id))
    await house.accept(practice.admin_email, (await house.invitation(practice.admin_email)).code, _NEW)
    session = await _session(house, practice.admin_email)
    assert await reason(_change(house, session)) == "PASSWORD_TOO_WEAK"


async def test_who_was_disabled_changes_nothing(house: House) -> None:
    practice = await _admin(house)
    colleague = await house.member(practice, staff_pb2.STAFF_ROLE_ASSISTANT)
    disable = staff_pb2.DisableStaffMemberRequest(staff_id=str(colleague))
    await house.staff.DisableStaffMember(disable, metadata=house.caller("admin", practice.id))
    request = staff_pb2.ChangeStaffPasswordRequest(password=PASSWORD, new_password=_NEW)
    who = house.caller("assistant", practice.id, colleague)
    assert await reason(house.staff.ChangeStaffPassword(request, metadata=who)) == "PASSWORD_REFUSED"
