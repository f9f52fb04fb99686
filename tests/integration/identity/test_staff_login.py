"""Login of staff: whatever is wrong looks the same, and guessing gets slow, but never for long."""

import asyncio
from datetime import timedelta

from sqlalchemy import update

from services.identity.tables.practices import staff_member
from tests.integration.identity.people import (
    STAFF_PASSWORD,
    a_practice,
    a_staff_member,
    login_staff,
    somebody,
)
from tests.integration.identity.stage import Stage, reason, refusal

_WRONG = "Dreizehn blaue Schwäne fliegen"


async def test_a_staff_member_logs_in_for_the_own_practice(stage: Stage) -> None:
    email, practice_id = somebody().email, await a_practice(stage)
    staff_id = await a_staff_member(stage, practice_id, email)
    answer = await login_staff(stage, email.upper(), STAFF_PASSWORD)
    assert (answer.staff_id, answer.practice_id) == (str(staff_id), str(practice_id))


async def test_where_practices_share_an_address_the_password_decides(stage: Stage) -> None:
    email = somebody().email
    passwords = [STAFF_PASSWORD, _WRONG]
    practices = [await a_practice(stage) for _ in passwords]
    for practice_id, password in zip(practices, passwords, strict=True):
        await a_staff_member(stage, practice_id, email, password=password)
    for practice_id, password in zip(practices, passwords, strict=True):
        assert (await login_staff(stage, email, password)).practice_id == str(practice_id)


async def test_unknown_wrong_invited_and_disabled_look_the_same(stage: Stage) -> None:
    practice_id = await a_practice(stage)
    wrong, invited, disabled = somebody().email, somebody().email, somebody().email
    await a_staff_member(stage, practice_id, wrong)
    invited_id = await a_staff_member(stage, practice_id, invited)
    disabled_id = await a_staff_member(stage, practice_id, disabled)
    async with stage.database.transaction((practice_id,)) as tx:
        changed = update(staff_member)
        await tx.execute(changed.where(staff_member.c.id == invited_id).values(password_hash=None))
        await tx.execute(changed.where(staff_member.c.id == disabled_id).values(disabled_at=stage.clock()))
    tries = [
        (somebody().email, STAFF_PASSWORD),
        (wrong, _WRONG),
        (invited, STAFF_PASSWORD),
        (disabled, STAFF_PASSWORD),
    ]
    refusals = [await refusal(login_staff(stage, email, password)) for email, password in tries]
    assert {each.reason for each in refusals} == {"LOGIN_REFUSED"}
    assert len({(each.status, each.message, tuple(each.metadata)) for each in refusals}) == 1


async def test_failures_make_the_address_wait_longer_and_longer_known_or_not(stage: Stage) -> None:
    known, unknown = somebody().email, somebody().email
    await a_staff_member(stage, await a_practice(stage), known)
    for email in (known, unknown):
        for _ in range(5):
            assert await reason(login_staff(stage, email, _WRONG)) == "LOGIN_REFUSED"
        for seconds in (30, 60, 120, 240, 480, 900, 900):
            refused = await refusal(login_staff(stage, email, STAFF_PASSWORD))
            assert refused.reason == "TOO_MANY_ATTEMPTS"
            assert refused.metadata["retry_after_seconds"] == str(seconds)
            stage.clock.advance(timedelta(seconds=seconds))
            assert await reason(login_staff(stage, email, _WRONG)) == "LOGIN_REFUSED"


async def test_the_owner_gets_in_after_a_quarter_of_an_hour_at_most(stage: Stage) -> None:
    email = somebody().email
    await a_staff_member(stage, await a_practice(stage), email)
    for _ in range(30):
        await reason(login_staff(stage, email, _WRONG))
        stage.clock.advance(timedelta(minutes=1))
    stage.clock.advance(timedelta(minutes=15))
    await login_staff(stage, email, STAFF_PASSWORD)
    assert await reason(login_staff(stage, email, _WRONG)) == "LOGIN_REFUSED"
    await login_staff(stage, email, STAFF_PASSWORD)


async def test_fifty_guesses_at_once_are_five_guesses(stage: Stage) -> None:
    email = somebody().email
    await a_staff_member(stage, await a_practice(stage), email)
    before = stage.passwords.computed
    outcomes = await asyncio.gather(*(reason(login_staff(stage, email, _WRONG)) for _ in range(50)))
    assert outcomes.count("LOGIN_REFUSED") == 5
    assert outcomes.count("TOO_MANY_ATTEMPTS") == 45
    assert stage.passwords.computed == before + 5


async def test_attempts_are_counted_by_kind_and_result(stage: Stage) -> None:
    email = somebody().email
    await a_staff_member(stage, await a_practice(stage), email)
    await login_staff(stage, email, STAFF_PASSWORD)
    for _ in range(6):
        await reason(login_staff(stage, email, _WRONG))
    counted = {
        result: stage.telemetry.registry.get_sample_value(
            "praxispost_auth_attempts_total", {"kind": "staff_password", "result": result}
        )
        for result in ("accepted", "refused", "limited")
    }
    assert counted == {"accepted": 1, "refused": 5, "limited": 1}
