"""A staff member proves the password once more within a session."""

from datetime import timedelta
from uuid import UUID, uuid4

from chassis.statements import StatementVerifier
from chassis.tokens import PublicKeys
from praxispost.identity.v1 import staff_pb2, step_up_pb2, step_up_pb2_grpc
from services.identity.staff.step_up import AUDIENCE, ISSUER, KIND, LIFETIME
from tests.integration.identity.organisation.house import PASSWORD, House, PracticeAndAdmin
from tests.integration.identity.stage import reason

_OBJECT = "0b5d7a3e-3b0c-4a86-9a53-8d5f7c1e2f10"
_WRONG = "Dreizehn blaue Schwäne fliegen"


async def _admin(house: House) -> PracticeAndAdmin:
    practice = await house.practice()
    await house.accept(practice.admin_email, (await house.invitation(practice.admin_email)).code)
    return practice


async def _step_up(
    house: House,
    practice: PracticeAndAdmin,
    password: str = PASSWORD,
    staff_id: UUID | None = None,
    *,
    purpose: "step_up_pb2.StepUpPurpose.ValueType" = step_up_pb2.STEP_UP_PURPOSE_ERASE_CONTENT,
    object_id: str = _OBJECT,
) -> step_up_pb2.StepUpResponse:
    stub: step_up_pb2_grpc.StepUpServiceAsyncStub = step_up_pb2_grpc.StepUpServiceStub(house.channel)
    who = house.caller("admin", practice.id, staff_id or practice.admin_id)
    request = step_up_pb2.StepUpRequest(password=password, purpose=purpose, object_id=object_id)
    return await stub.StepUp(request, metadata=who)


async def test_the_statement_names_who_and_for_what_for_five_minutes(
    house: House,
) -> None:
    practice = await _admin(house)
    answer = await _step_up(house, practice)
    keys = PublicKeys.local(house.base.signing_keys)
    verifier = StatementVerifier(keys, issuer=ISSUER, audience=AUDIENCE, kind=KIND, clock=house.clock)
    statement = await verifier.verify(answer.statement)
    assert statement.claims["sub"] == str(practice.admin_id)
    assert statement.claims["ten"] == str(practice.id)
    assert statement.claims["alone"] is True
    assert (statement.claims["pur"], statement.claims["obj"]) == ("STEP_UP_PURPOSE_ERASE_CONTENT", _OBJECT)
    assert statement.expires_at - statement.issued_at == LIFETIME
    assert "staff_member.stepped_up" in await house.audited(practice.id)


async def test_who_does_not_say_for_what_is_refused(house: House) -> None:
    practice = await _admin(house)
    nothing = step_up_pb2.STEP_UP_PURPOSE_UNSPECIFIED
    assert await reason(_step_up(house, practice, purpose=nothing)) == "INVALID_FIELD"
    assert await reason(_step_up(house, practice, object_id="")) == "INVALID_FIELD"


async def test_alone_is_who_has_no_colleague_that_can_log_in(house: House) -> None:
    practice = await _admin(house)
    assert (await _step_up(house, practice)).alone
    colleague = await house.member(practice, staff_pb2.STAFF_ROLE_PHYSICIAN)
    assert not (await _step_up(house, practice)).alone
    disable = staff_pb2.DisableStaffMemberRequest(staff_id=str(colleague))
    await house.staff.DisableStaffMember(disable, metadata=house.caller("admin", practice.id))
    assert (await _step_up(house, practice)).alone
    assert await reason(_step_up(house, practice, staff_id=colleague)) == "STEP_UP_REFUSED"


async def test_a_wrong_password_and_a_stranger_are_refused(house: House) -> None:
    practice = await _admin(house)
    assert await reason(_step_up(house, practice, _WRONG)) == "STEP_UP_REFUSED"
    assert await reason(_step_up(house, practice, staff_id=uuid4())) == "STEP_UP_REFUSED"
    assert (await _step_up(house, practice)).statement


async def test_guessing_has_to_wait_as_at_login(house: House) -> None:
    practice = await _admin(house)
    refused = [await reason(_step_up(house, practice, _WRONG)) for _ in range(6)]
    assert refused == ["STEP_UP_REFUSED"] * 5 + ["TOO_MANY_ATTEMPTS"]
    house.clock.advance(timedelta(minutes=1))
    assert (await _step_up(house, practice)).statement
