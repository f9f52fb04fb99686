"""Housekeeping: nothing of a person stays longer than it is needed, and nothing goes sooner."""

from datetime import timedelta

from sqlalchemy import func, select

from services.identity.housekeeping import Housekeeping
from services.identity.tables import people as tables
from tests.integration.identity.people import (
    STAFF_PASSWORD,
    a_patient,
    a_practice,
    a_staff_member,
    complete,
    login_staff,
    proven,
    somebody,
    start_login,
    started,
)
from tests.integration.identity.stage import Stage, reason

_EXPIRING = (
    tables.registration,
    tables.login,
    tables.code,
    tables.code_window,
    tables.login_attempt,
    tables.session,
    tables.notice,
)


async def counts(stage: Stage) -> dict[str, int]:
    async with stage.database.transaction() as tx:
        return {
            table.name: (await tx.execute(select(func.count()).select_from(table))).scalar_one()
            for table in _EXPIRING
        }


async def test_what_is_still_needed_stays_and_what_has_expired_goes(stage: Stage) -> None:
    keeping = Housekeeping(stage.database, clock=stage.clock)
    stage.clock.advance(timedelta(days=100 * 365))
    await keeping.delete_expired()
    assert not any((await counts(stage)).values())

    person, email, practice_id = somebody(), somebody().email, await a_practice(stage)
    await a_patient(stage, practice_id, person)
    await a_staff_member(stage, practice_id, email)
    registration = await proven(stage, person)
    await started(stage, somebody())
    await start_login(stage, person.email, person.password)
    await login_staff(stage, email, STAFF_PASSWORD)
    await reason(login_staff(stage, email, "ein falsches Passwort"))
    before = await counts(stage)
    assert all(before.values())
    await keeping.delete_expired()
    assert await counts(stage) == before

    stage.clock.advance(timedelta(days=1))
    await keeping.delete_expired()
    after = await counts(stage)
    assert {name for name, count in after.items() if count} == {"registration"}
    assert (await complete(stage, registration)).bound == 1
