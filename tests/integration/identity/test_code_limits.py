"""How often codes are sent: 3 in 15 minutes, 10 a day, whoever the address belongs to."""

import asyncio
from datetime import timedelta

import pytest

from praxispost.identity.v1 import registration_pb2
from tests.integration.identity.people import (
    Person,
    a_patient,
    a_practice,
    somebody,
    started,
    verify_email,
    verify_mobile,
)
from tests.integration.identity.stage import Stage, reason, refusal


async def resend(stage: Stage, registration: str) -> registration_pb2.ResendCodeResponse:
    request = registration_pb2.ResendCodeRequest(registration=registration)
    return await stage.registration.ResendCode(request, metadata=stage.portal)


async def test_a_code_sent_again_replaces_the_one_before(stage: Stage) -> None:
    registration = await started(stage, somebody())
    first = await stage.code()
    await resend(stage, registration)
    second = await stage.code()
    if first != second:
        assert await reason(verify_email(stage, registration, first)) == "CODE_REFUSED"
    await verify_email(stage, registration, second)


async def test_a_code_sent_again_may_be_tried_again(stage: Stage) -> None:
    registration = await started(stage, somebody())
    await stage.notices()
    for _ in range(5):
        assert await reason(verify_email(stage, registration, "wrong!")) == "CODE_REFUSED"
    await resend(stage, registration)
    await verify_email(stage, registration, await stage.code())


@pytest.mark.parametrize("known", [True, False])
async def test_the_fourth_code_within_a_quarter_of_an_hour_has_to_wait(stage: Stage, known: bool) -> None:
    person = somebody()
    if known:
        await a_patient(stage, await a_practice(stage), person)
    registration = await started(stage, person)
    stage.clock.advance(timedelta(minutes=5))
    await resend(stage, registration)
    await started(stage, person)
    refused = await refusal(resend(stage, registration))
    assert refused.reason == "TOO_MANY_CODES"
    assert refused.metadata["retry_after_seconds"] == "600"
    assert await reason(started(stage, person)) == "TOO_MANY_CODES"
    stage.clock.advance(timedelta(minutes=10))
    await started(stage, person)


async def test_the_limit_sees_through_another_way_to_write_the_address(stage: Stage) -> None:
    person = somebody()
    for _ in range(3):
        await started(stage, person)
    assert await reason(started(stage, Person(person.email.upper(), person.mobile))) == "TOO_MANY_CODES"


async def test_ten_codes_a_day_are_enough(stage: Stage) -> None:
    person = somebody()
    for _ in range(10):
        await started(stage, person)
        stage.clock.advance(timedelta(minutes=20))
    refused = await refusal(started(stage, person))
    assert refused.reason == "TOO_MANY_CODES"
    left = timedelta(days=1) - timedelta(minutes=200)
    assert refused.metadata["retry_after_seconds"] == str(int(left.total_seconds()))
    stage.clock.advance(left)
    await started(stage, person)


async def test_requests_at_the_same_moment_share_one_limit(stage: Stage) -> None:
    person = somebody()
    results = await asyncio.gather(*(started(stage, person) for _ in range(10)), return_exceptions=True)
    assert sum(isinstance(result, str) for result in results) == 3
    assert len(await stage.notices()) == 3


async def test_codes_by_sms_are_limited_by_the_pair(stage: Stage) -> None:
    person = somebody()
    await a_patient(stage, await a_practice(stage), person)
    registration = await started(stage, person)
    await verify_email(stage, registration, await stage.code())
    await resend(stage, registration)
    await stage.notices()
    await resend(stage, registration)
    assert await reason(resend(stage, registration)) == "TOO_MANY_CODES"
    await verify_mobile(stage, registration, await stage.code())


async def test_an_address_is_proven_though_its_sms_has_to_wait(stage: Stage) -> None:
    person = somebody()
    await a_patient(stage, await a_practice(stage), person)
    first = await started(stage, person)
    await verify_email(stage, first, await stage.code())
    await resend(stage, first)
    await resend(stage, first)
    await stage.notices()
    second = await started(stage, person)
    code = await stage.code()
    assert await reason(verify_email(stage, second, code)) == "TOO_MANY_CODES"
    assert await stage.notices() == []
    stage.clock.advance(timedelta(minutes=15))
    await resend(stage, second)
    await verify_mobile(stage, second, await stage.code())


async def test_no_code_is_sent_again_once_everything_is_proven(stage: Stage) -> None:
    person = somebody()
    await a_patient(stage, await a_practice(stage), person)
    registration = await started(stage, person)
    await verify_email(stage, registration, await stage.code())
    await verify_mobile(stage, registration, await stage.code())
    assert await reason(resend(stage, registration)) == "STEP_NOT_DUE"
    assert await reason(resend(stage, "unknown")) == "REGISTRATION_NOT_FOUND"
