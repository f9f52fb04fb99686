"""A forgotten password: both proofs again, and nothing that tells whether there is an account."""

from datetime import timedelta

import pytest

from praxispost.identity.v1 import password_reset_pb2
from services.identity.admission.corrections import kill_codes
from tests.integration.identity.people import (
    PASSWORD,
    Person,
    a_patient,
    a_practice,
    finish_login,
    registered,
    somebody,
    start_login,
    started,
    verify_email,
)
from tests.integration.identity.stage import Stage, reason, refusal
from tests.integration.identity.test_sameness import assert_same, measured, shape

NEW_PASSWORD = "Vierzehn rote Enten"


async def start_reset(stage: Stage, person: Person, password: str = NEW_PASSWORD) -> str:
    request = password_reset_pb2.StartPasswordResetRequest(
        email=person.email, mobile=person.mobile, password=password
    )
    return (await stage.password_reset.StartPasswordReset(request, metadata=stage.portal)).reset


async def verify_reset(stage: Stage, reset: str, code: str) -> None:
    request = password_reset_pb2.VerifyResetEmailRequest(reset=reset, code=code)
    await stage.password_reset.VerifyResetEmail(request, metadata=stage.portal)


async def complete_reset(stage: Stage, reset: str, code: str) -> None:
    request = password_reset_pb2.CompletePasswordResetRequest(reset=reset, code=code)
    await stage.password_reset.CompletePasswordReset(request, metadata=stage.portal)


@pytest.fixture
async def person(stage: Stage) -> Person:
    """Somebody with an account."""
    known = somebody()
    await a_patient(stage, await a_practice(stage), known)
    await registered(stage, known)
    await stage.notices()
    return known


async def test_both_proofs_give_a_new_password_and_end_what_the_old_one_began(
    stage: Stage, person: Person
) -> None:
    login = await start_login(stage, person.email, PASSWORD)
    session = (await finish_login(stage, login, await stage.code())).session
    begun = await start_login(stage, person.email, PASSWORD)
    begun_code = await stage.code()

    reset = await start_reset(stage, person)
    (by_email,) = await stage.notices()
    assert (by_email.kind, by_email.to.kind, by_email.to.value) == ("reset_code", "email", person.email)
    await verify_reset(stage, reset, by_email.code)
    (by_sms,) = await stage.notices()
    assert (by_sms.kind, by_sms.to.kind, by_sms.to.value) == ("reset_code", "mobile", person.mobile)
    await complete_reset(stage, reset, by_sms.code)

    assert await reason(finish_login(stage, begun, begun_code)) == "LOGIN_REFUSED"
    with pytest.raises(Exception, match="SESSION_ENDED"):
        await stage.person(session)
    await start_login(stage, person.email, PASSWORD)
    assert await stage.notices() == []
    again = await start_login(stage, person.email, NEW_PASSWORD)
    assert (await finish_login(stage, again, await stage.code())).session
    assert await reason(complete_reset(stage, reset, by_sms.code)) == "RESET_NOT_FOUND"


async def test_neither_proof_alone_sets_a_password(stage: Stage, person: Person) -> None:
    reset = await start_reset(stage, person)
    code = await stage.code()
    assert await reason(complete_reset(stage, reset, code)) == "RESET_STEP_NOT_DUE"
    await verify_reset(stage, reset, code)
    assert await reason(complete_reset(stage, reset, code)) == "CODE_REFUSED"
    await stage.notices()
    await start_login(stage, person.email, NEW_PASSWORD)
    assert await stage.notices() == []


async def test_nothing_leaves_for_an_address_with_another_number(stage: Stage, person: Person) -> None:
    await start_reset(stage, Person(person.email, somebody().mobile))
    await start_reset(stage, Person(somebody().email, person.mobile))
    assert await stage.notices() == []


async def test_five_wrong_codes_end_a_code_and_an_hour_ends_a_reset(stage: Stage, person: Person) -> None:
    reset = await start_reset(stage, person)
    code = await stage.code()
    for _ in range(5):
        assert await reason(verify_reset(stage, reset, "guess")) == "CODE_REFUSED"
    assert await reason(verify_reset(stage, reset, code)) == "CODE_REFUSED"
    stage.clock.advance(timedelta(minutes=60))
    assert await reason(verify_reset(stage, reset, code)) == "RESET_NOT_FOUND"
    assert await reason(verify_reset(stage, "nonsense", code)) == "RESET_NOT_FOUND"


async def test_three_resets_of_a_pair_in_a_quarter_of_an_hour(stage: Stage, person: Person) -> None:
    for who in (person, somebody()):
        for _ in range(3):
            await start_reset(stage, who)
        refused = await refusal(start_reset(stage, who))
        assert refused.reason == "TOO_MANY_CODES"
        assert refused.metadata == {"retry_after_seconds": "900"}


async def test_an_sms_that_has_to_wait_leaves_the_code_of_the_e_mail_unused(
    stage: Stage, person: Person
) -> None:
    for _ in range(2):
        registration = await started(stage, person)
        await verify_email(stage, registration, await stage.code())
        await stage.notices()
    reset = await start_reset(stage, person)
    code = await stage.code()
    assert await reason(verify_reset(stage, reset, code)) == "TOO_MANY_CODES"
    stage.clock.advance(timedelta(minutes=15))
    await verify_reset(stage, reset, code)
    assert [notice.to.kind for notice in await stage.notices()] == ["mobile"]


async def test_a_code_dies_when_staff_correct_the_pair(stage: Stage, person: Person) -> None:
    reset = await start_reset(stage, person)
    code = await stage.code()
    async with stage.database.transaction() as tx:
        await kill_codes(tx, stage.proofs.contact.pair(person.email, person.mobile))
    assert await reason(verify_reset(stage, reset, code)) == "CODE_REFUSED"


async def test_a_weak_password_is_refused_before_anything_leaves(stage: Stage, person: Person) -> None:
    assert await reason(start_reset(stage, person, "passwort1")) == "PASSWORD_TOO_WEAK"
    assert await stage.notices() == []


async def test_starting_a_reset_costs_the_same_for_known_and_unknown(stage: Stage, person: Person) -> None:
    works, answers = [], []
    for who in (person, somebody()):
        request = password_reset_pb2.StartPasswordResetRequest(
            email=who.email, mobile=who.mobile, password=NEW_PASSWORD
        )
        async with measured(stage) as work:
            answers.append(await stage.password_reset.StartPasswordReset(request, metadata=stage.portal))
        works.append(work)
    assert_same(works, hashes=1, notices=1)
    assert shape(answers[0]) == shape(answers[1])


async def test_a_wrong_code_costs_the_same_for_known_and_unknown(stage: Stage, person: Person) -> None:
    works, refusals = [], []
    for who in (person, somebody()):
        request = password_reset_pb2.VerifyResetEmailRequest(
            reset=await start_reset(stage, who), code="guess"
        )
        async with measured(stage) as work:
            call = stage.password_reset.VerifyResetEmail(request, metadata=stage.portal)
            refusals.append(await refusal(call))
        works.append(work)
    assert_same(works, hashes=0, notices=0)
    assert str(refusals[0]) == str(refusals[1])
