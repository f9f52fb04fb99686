"""Registration: from what a person types to an account bound to the right patients."""

import asyncio
from datetime import date, timedelta

import pytest

from praxispost.identity.v1 import registration_pb2
from tests.integration.identity.people import (
    BORN,
    Person,
    a_patient,
    a_practice,
    complete,
    proven,
    registered,
    somebody,
    started,
    state,
    verify_email,
    verify_mobile,
)
from tests.integration.identity.stage import Stage, reason, refusal

_OTHER_DAY = date(1990, 2, 28)


async def due(stage: Stage, registration: str) -> registration_pb2.GetRegistrationResponse:
    request = registration_pb2.GetRegistrationRequest(registration=registration)
    return await stage.registration.GetRegistration(request, metadata=stage.portal)


async def test_a_patient_of_two_practices_registers_once_and_reads_both(stage: Stage) -> None:
    person = somebody()
    practices = [await a_practice(stage), await a_practice(stage)]
    patients = [await a_patient(stage, practice_id, person) for practice_id in practices]
    completed = await registered(stage, person)
    assert completed.bound == 2
    for practice_id, patient_id in zip(practices, patients, strict=True):
        assert (await state(stage, practice_id, patient_id)).bound


async def test_the_page_can_ask_which_step_is_due(stage: Stage) -> None:
    person = somebody()
    await a_patient(stage, await a_practice(stage), person)
    registration = await started(stage, person)
    first = await due(stage, registration)
    assert first.step == registration_pb2.REGISTRATION_STEP_EMAIL_CODE
    assert first.code_to == person.email
    await verify_email(stage, registration, await stage.code())
    second = await due(stage, registration)
    assert second.step == registration_pb2.REGISTRATION_STEP_SMS_CODE
    assert second.code_to == person.mobile
    await verify_mobile(stage, registration, await stage.code())
    last = await due(stage, registration)
    assert last.step == registration_pb2.REGISTRATION_STEP_BIRTH_DATE
    assert last.code_to == ""
    assert last.expires_at.ToSeconds() - int(stage.clock().timestamp()) == 14 * 24 * 3600


async def test_each_code_goes_to_what_it_proves(stage: Stage) -> None:
    person = somebody()
    await a_patient(stage, await a_practice(stage), person)
    registration = await started(stage, person)
    (by_email,) = await stage.notices()
    assert (by_email.to.kind, by_email.to.value, by_email.kind) == (
        "email",
        person.email,
        "registration_code",
    )
    await verify_email(stage, registration, by_email.code)
    (by_sms,) = await stage.notices()
    assert (by_sms.to.kind, by_sms.to.value) == ("mobile", person.mobile)


async def test_no_sms_leaves_where_the_pair_is_unknown(stage: Stage) -> None:
    registration = await started(stage, somebody())
    await verify_email(stage, registration, await stage.code())
    assert await stage.notices() == []
    assert (await due(stage, registration)).step == registration_pb2.REGISTRATION_STEP_SMS_CODE


async def test_neither_address_nor_number_alone_is_a_pair(stage: Stage) -> None:
    practice_id = await a_practice(stage)
    person, other = somebody(), somebody()
    await a_patient(stage, practice_id, Person(person.email, other.mobile))
    await a_patient(stage, practice_id, Person(other.email, person.mobile))
    registration = await started(stage, person)
    await verify_email(stage, registration, await stage.code())
    assert await stage.notices() == []


async def test_a_pair_is_found_however_it_is_written(stage: Stage) -> None:
    person = somebody()
    await a_patient(stage, await a_practice(stage), person)
    written = Person(f"  {person.email.upper()} ", "0" + person.mobile.removeprefix("+49"))
    assert (await registered(stage, written)).bound == 1


async def test_five_wrong_codes_end_the_right_one(stage: Stage) -> None:
    registration = await started(stage, somebody())
    code = await stage.code()
    wrong = "000000" if code != "000000" else "111111"
    for _ in range(5):
        assert await reason(verify_email(stage, registration, wrong)) == "CODE_REFUSED"
    assert await reason(verify_email(stage, registration, code)) == "CODE_REFUSED"


async def test_fifty_guesses_at_once_count_as_fifty(stage: Stage) -> None:
    registration = await started(stage, somebody())
    code = await stage.code()
    wrong = [f"{number:06}" for number in range(51) if f"{number:06}" != code][:50]
    guesses = [reason(verify_email(stage, registration, guess)) for guess in wrong]
    assert set(await asyncio.gather(*guesses)) == {"CODE_REFUSED"}
    assert await stage.tries(registration) == 50
    assert await reason(verify_email(stage, registration, code)) == "CODE_REFUSED"


async def test_a_code_is_good_once(stage: Stage) -> None:
    person = somebody()
    await a_patient(stage, await a_practice(stage), person)
    registration = await started(stage, person)
    by_email = await stage.code()
    await verify_email(stage, registration, by_email)
    by_sms = await stage.code()
    assert await reason(verify_email(stage, registration, by_email)) == "CODE_REFUSED"
    await verify_mobile(stage, registration, by_sms)
    assert await reason(verify_mobile(stage, registration, by_sms)) == "CODE_REFUSED"


@pytest.mark.parametrize(("minutes", "good"), [(59, True), (60, False)])
async def test_a_code_by_email_ends_after_an_hour(stage: Stage, minutes: int, good: bool) -> None:
    registration = await started(stage, somebody())
    code = await stage.code()
    stage.clock.advance(timedelta(minutes=minutes))
    if good:
        await verify_email(stage, registration, code)
    else:
        assert await reason(verify_email(stage, registration, code)) == "CODE_REFUSED"


@pytest.mark.parametrize(("minutes", "good"), [(9, True), (10, False)])
async def test_a_code_by_sms_ends_after_ten_minutes(stage: Stage, minutes: int, good: bool) -> None:
    person = somebody()
    await a_patient(stage, await a_practice(stage), person)
    registration = await started(stage, person)
    await verify_email(stage, registration, await stage.code())
    code = await stage.code()
    stage.clock.advance(timedelta(minutes=minutes))
    if good:
        await verify_mobile(stage, registration, code)
    else:
        assert await reason(verify_mobile(stage, registration, code)) == "CODE_REFUSED"


async def test_a_code_belongs_to_its_registration_and_its_purpose(stage: Stage) -> None:
    person = somebody()
    await a_patient(stage, await a_practice(stage), person)
    first = await started(stage, person)
    first_code = await stage.code()
    second = await started(stage, person)
    second_code = await stage.code()
    if first_code != second_code:
        assert await reason(verify_email(stage, second, first_code)) == "CODE_REFUSED"
    await verify_email(stage, second, second_code)
    assert await reason(verify_mobile(stage, second, second_code)) == "CODE_REFUSED"
    await verify_email(stage, first, first_code)


async def test_steps_cannot_be_left_out(stage: Stage) -> None:
    person = somebody()
    await a_patient(stage, await a_practice(stage), person)
    registration = await started(stage, person)
    code = await stage.code()
    assert await reason(verify_mobile(stage, registration, code)) == "STEP_NOT_DUE"
    assert await reason(complete(stage, registration)) == "STEP_NOT_DUE"
    await verify_email(stage, registration, code)
    assert await reason(complete(stage, registration)) == "STEP_NOT_DUE"


async def test_a_completed_or_unknown_registration_looks_like_none(stage: Stage) -> None:
    person = somebody()
    await a_patient(stage, await a_practice(stage), person)
    registration = await proven(stage, person)
    await complete(stage, registration)
    for secret in (registration, "unknown", ""):
        assert await reason(complete(stage, secret)) == "REGISTRATION_NOT_FOUND"
        assert await reason(due(stage, secret)) == "REGISTRATION_NOT_FOUND"
        assert await reason(verify_email(stage, secret, "123456")) == "REGISTRATION_NOT_FOUND"


async def test_an_unproven_registration_ends_after_a_day(stage: Stage) -> None:
    registration = await started(stage, somebody())
    stage.clock.advance(timedelta(days=1))
    assert await reason(due(stage, registration)) == "REGISTRATION_NOT_FOUND"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", ""),
        ("email", "no address"),
        ("email", "two@example.com, three@example.com"),
        ("mobile", ""),
        ("mobile", "030 901820"),
        ("mobile", "12"),
        ("password", ""),
        ("password", "x" * 257),
    ],
)
async def test_a_malformed_field_is_named(stage: Stage, field: str, value: str) -> None:
    person = somebody()
    request = registration_pb2.StartRegistrationRequest(
        email=person.email, mobile=person.mobile, password=person.password
    )
    setattr(request, field, value)
    refused = await refusal(stage.registration.StartRegistration(request, metadata=stage.portal))
    assert refused.reason == "INVALID_FIELD"
    assert [each.field for each in refused.fields] == [field]
    assert await stage.notices() == []


async def test_a_weak_password_is_refused_before_anything_is_sent(stage: Stage) -> None:
    person = somebody()
    weak = Person(person.email, person.mobile, "Passwort123")
    assert await reason(started(stage, weak)) == "PASSWORD_TOO_WEAK"
    assert await stage.notices() == []


async def test_a_malformed_birth_date_is_no_try(stage: Stage) -> None:
    person = somebody()
    practice_id = await a_practice(stage)
    patient_id = await a_patient(stage, practice_id, person)
    registration = await proven(stage, person)
    for malformed in ("", "12.04.1961", "1961-02-30", "61-4-12"):
        request = registration_pb2.CompleteRegistrationRequest(
            registration=registration, birth_date=malformed
        )
        refused = await refusal(stage.registration.CompleteRegistration(request, metadata=stage.portal))
        assert [each.field for each in refused.fields] == ["birth_date"]
    assert (await state(stage, practice_id, patient_id)).birth_date_tries == 0
    assert (await complete(stage, registration, BORN)).bound == 1
