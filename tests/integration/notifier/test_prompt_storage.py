"""What holds of prompts in the database: leases, tenants, rights, and the schema itself."""

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from psycopg import sql
from sqlalchemy import create_engine, delete, insert, make_url, select, update
from sqlalchemy.exc import ProgrammingError

from chassis.database import Database
from services.notifier.prompts.claiming import Claims
from services.notifier.prompts.domain import Attempt, Kind, Outcome, Prompt, TryAgain, decide
from services.notifier.prompts.sender import LEASE
from services.notifier.prompts.storage import NewLetter, add_letters, figures, settle
from services.notifier.tables import metadata, prompt, prompt_attempt
from tests.integration.chassis.waiting import eventually
from tests.integration.notifier.conftest import Urls
from tests.integration.notifier.mail_server import mail_server
from tests.integration.notifier.sending import (
    CONTACT,
    OTHER_PRACTICE,
    PRACTICE,
    People,
    attempts,
    deliver,
    message_sent,
    prompts,
    until_prompts,
    working,
)

_NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def _new(practice_id: UUID = PRACTICE, created_at: datetime = _NOW) -> Prompt:
    return Prompt(practice_id, uuid4(), uuid4(), uuid4().hex, Kind.FIRST, created_at, created_at, attempt=0)


async def _add(database: Database, new: Prompt, made_for: UUID | None = None) -> bool:
    async with database.transaction([new.practice_id]) as tx:
        return bool(await add_letters(tx, [NewLetter(new, new.created_at, made_for)]))


async def _claim(database: Database, now: datetime) -> Prompt | None:
    async with database.transaction() as tx:
        claimed = await Claims().take(tx, now, now + LEASE, 1)
    return claimed[0] if claimed else None


async def _settle(database: Database, of: Prompt, outcome: Outcome, at: datetime) -> bool:
    attempt = Attempt(outcome, at)
    async with database.transaction([of.practice_id]) as tx:
        return await settle(tx, of, attempt, decide(of, attempt, 1.0))


async def test_a_prompt_whose_worker_died_is_due_again_when_its_lease_ends(database: Database) -> None:
    await _add(database, _new())
    dead = await _claim(database, _NOW)
    assert dead is not None
    assert await _claim(database, _NOW + LEASE - timedelta(seconds=1)) is None
    second = await _claim(database, _NOW + LEASE)
    assert second is not None
    assert (second.id, second.reference, second.attempt) == (dead.id, dead.reference, 2)


async def test_who_lost_a_prompt_to_a_later_attempt_cannot_settle_it(database: Database) -> None:
    await _add(database, _new())
    late = await _claim(database, _NOW)
    current = await _claim(database, _NOW + LEASE)
    assert late is not None
    assert current is not None
    assert not await _settle(database, late, Outcome.DEFERRED, _NOW + LEASE)
    assert await _settle(database, current, Outcome.ACCEPTED, _NOW + LEASE)
    assert not await _settle(database, current, Outcome.ADDRESS_REFUSED, _NOW + LEASE)
    assert await attempts(database) == [(2, "accepted", None)]


async def test_at_the_same_moment_each_prompt_goes_to_one_claimant_oldest_first(database: Database) -> None:
    made = [_new(created_at=_NOW - timedelta(minutes=minutes)) for minutes in range(12)]
    for each in made:
        await _add(database, each)
    oldest = await _claim(database, _NOW)
    assert oldest is not None
    assert oldest.id == made[-1].id
    claimed = await asyncio.gather(*(_claim(database, _NOW) for _ in range(16)))
    ids = [each.id for each in claimed if each is not None]
    assert len(ids) == len(set(ids)) == 11


async def test_each_practice_has_its_turn_however_many_prompts_another_has(database: Database) -> None:
    many = [_new(created_at=_NOW - timedelta(days=1)) for _ in range(500)]
    async with database.transaction([PRACTICE]) as tx:
        await add_letters(tx, [NewLetter(each, each.created_at) for each in many])
    others = [_new(uuid4()) for _ in range(30)]
    for each in others:
        await _add(database, each)
    claims, taken = Claims(), list[Prompt]()
    for _ in range(8):
        async with database.transaction() as tx:
            taken += await claims.take(tx, _NOW, _NOW + LEASE, 8)
    assert {each.id for each in taken[:40]} >= {each.id for each in others}
    assert len({each.id for each in taken}) == len(taken)


async def test_taking_turns_stays_cheap_with_a_hundred_thousand_prompts_of_hundreds_of_practices(
    database: Database, notifier_urls: Urls
) -> None:
    fill = (
        "INSERT INTO prompt"
        " (practice_id, id, patient_id, reference, sent_at, created_at, state, attempts, due_at)"
        " SELECT lpad(least(n % 600, 300)::text, 32, '0')::uuid, gen_random_uuid(), gen_random_uuid(),"
        " n::text, now(), now(), 'waiting', 0, now() FROM generate_series(1, 100000) AS n"
    )
    claim = (
        "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON)"
        " SELECT * FROM claim_due_letters(now(), now() + interval '1 min', %s, 32)"
    )
    with psycopg.connect(notifier_urls.admin, autocommit=True) as admin:
        admin.execute(fill)
        found = admin.execute(claim, [UUID(int=0)]).fetchone()
        admin.execute("TRUNCATE prompt CASCADE")
    assert found is not None
    plan = found[0][0]["Plan"]
    assert plan["Actual Rows"] == 32
    assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] < 3000


async def test_a_message_has_one_first_prompt_but_may_share_its_id_with_another_practices(
    database: Database,
) -> None:
    message_id = uuid4()
    assert await _add(database, _new(), message_id)
    assert not await _add(database, _new(), message_id)
    assert await _add(database, _new(OTHER_PRACTICE), message_id)


async def test_a_transaction_sees_its_practices_prompts_only(database: Database) -> None:
    mine, theirs = _new(), _new(OTHER_PRACTICE)
    for each in (mine, theirs):
        await _add(database, each)
        claimed = await _claim(database, _NOW)
        assert claimed is not None
        await _settle(database, claimed, Outcome.DEFERRED, _NOW)
    assert [row.id for row in await prompts(database, PRACTICE)] == [mine.id]
    assert [row.id for row in await prompts(database, OTHER_PRACTICE)] == [theirs.id]
    assert len(await attempts(database, PRACTICE)) == 1
    async with database.transaction() as tx:
        assert (await tx.execute(select(prompt))).all() == []
        assert (await tx.execute(select(prompt_attempt))).all() == []
        assert (await tx.execute(update(prompt).values(due_at=_NOW))).rowcount == 0


async def test_the_app_role_can_neither_change_an_attempt_nor_remove_a_prompt(database: Database) -> None:
    for forbidden in (
        update(prompt_attempt).values(outcome="accepted"),
        delete(prompt_attempt),
        delete(prompt),
    ):
        with pytest.raises(ProgrammingError, match="permission denied"):
            async with database.transaction([PRACTICE]) as tx:
                await tx.execute(forbidden)
    foreign = {
        "practice_id": OTHER_PRACTICE,
        "prompt_id": uuid4(),
        "number": 1,
        "at": _NOW,
        "outcome": "accepted",
        "contact_version": 0,
    }
    with pytest.raises(ProgrammingError, match="row-level security"):
        async with database.transaction([PRACTICE]) as tx:
            await tx.execute(insert(prompt_attempt).values(foreign))


async def test_figures_tell_of_all_practices_what_waits_longest_and_the_last_acceptance(
    database: Database,
) -> None:
    async def told() -> tuple[datetime | None, datetime | None]:
        async with database.transaction() as tx:
            return await figures(tx, _NOW)

    assert await told() == (None, None)
    await _add(database, _new(created_at=_NOW - timedelta(hours=2)))
    await _add(database, _new(OTHER_PRACTICE, created_at=_NOW - timedelta(hours=1)))
    assert await told() == (_NOW - timedelta(hours=2), None)
    oldest = await _claim(database, _NOW)
    assert oldest is not None
    assert await told() == (_NOW - timedelta(hours=1), None)
    await _settle(database, oldest, Outcome.ACCEPTED, _NOW)
    assert await told() == (_NOW - timedelta(hours=1), _NOW)


async def test_an_acceptance_that_cannot_be_recorded_yet_is_recorded_later_and_sent_once(
    database: Database, notifier_urls: Urls, caplog: pytest.LogCaptureFixture
) -> None:
    async def failed_to_record() -> bool:
        return "attempt not recorded" in caplog.messages

    role = sql.Identifier(notifier_urls.app_role)
    with psycopg.connect(notifier_urls.admin, autocommit=True) as admin, contextlib.ExitStack() as after:
        admin.execute(sql.SQL("REVOKE INSERT ON prompt_attempt FROM {}").format(role))
        give_back = sql.SQL("GRANT INSERT ON prompt_attempt TO {}").format(role)
        after.callback(admin.execute, give_back)
        async with (
            mail_server() as server,
            working(database, notifier_urls.app, People(CONTACT), server.port),
        ):
            await deliver(database, message_sent())
            await eventually(failed_to_record)
            after.close()
            [row] = await until_prompts(database, lambda rows: rows[0].state == "accepted")
            assert len(server.mails) == 1
    assert row.attempts == 1


async def test_a_retry_is_recorded_with_the_time_it_is_due(database: Database) -> None:
    await _add(database, _new())
    claimed = await _claim(database, _NOW)
    assert claimed is not None
    attempt = Attempt(Outcome.DEFERRED, _NOW, contact_version=4, smtp_code=451)
    decision = decide(claimed, attempt, 1.0)
    assert decision == TryAgain(_NOW + timedelta(seconds=5))
    async with database.transaction([PRACTICE]) as tx:
        assert await settle(tx, claimed, attempt, decision)
    [row] = await prompts(database)
    assert (row.state, row.due_at, row.settled_at) == ("waiting", _NOW + timedelta(seconds=5), None)


def test_the_tables_that_the_code_knows_are_those_of_the_migrated_schema(notifier_urls: Urls) -> None:
    engine = create_engine(make_url(notifier_urls.owner).set(drivername="postgresql+psycopg"))
    with engine.connect() as connection:
        options = {
            "compare_type": True,
            "compare_server_default": True,
            "include_name": lambda name, _kind, _parents: name != "alembic_version",
        }
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []
    engine.dispose()
