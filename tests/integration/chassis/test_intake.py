"""That the intake loses no event, whatever happens to it, the broker or the database."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Iterator
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import make_url, select

from chassis import broker
from chassis.database import Database
from deploy.local.rabbitmq import RabbitMq
from tests.integration.chassis.bus import (
    IntakeProcess,
    declare,
    envelope,
    ids,
    intake,
    publish,
    take_all,
)
from tests.integration.chassis.sample import TABLES, SampleDatabase
from tests.integration.chassis.waiting import eventually


@pytest.fixture
def queue() -> str:
    return f"sample_{uuid4().hex[:12]}"


@pytest.fixture
async def running(
    queue: str, rabbitmq: RabbitMq, sample_database: SampleDatabase
) -> AsyncIterator[IntakeProcess]:
    with intake(queue, rabbitmq.url, sample_database.app_url) as process:
        await ready(process)
        yield process


async def ready(process: IntakeProcess, *, wanted: bool = True) -> None:
    async def as_wanted() -> bool:
        return await asyncio.to_thread(process.ready) is wanted

    await eventually(as_wanted, seconds=60)


async def stored(database: Database) -> list[UUID]:
    async with database.transaction() as tx:
        return list((await tx.execute(select(TABLES.inbox.c.event_id))).scalars())


async def all_stored(database: Database, wanted: set[UUID]) -> None:
    async def here() -> bool:
        return set(await stored(database)) == wanted

    await eventually(here, seconds=60)


@contextlib.contextmanager
def inbox_locked(sample_database: SampleDatabase) -> Iterator[psycopg.Connection]:
    """Whoever wants to put something in the inbox waits."""
    with psycopg.connect(sample_database.owner_url) as connection:
        connection.execute("LOCK TABLE inbox IN SHARE MODE")
        yield connection


async def in_hand(sample_database: SampleDatabase, rabbitmq: RabbitMq, queue: str) -> None:
    """Until all events are taken off the queue and wait, together, to be put into the locked inbox."""
    async with await psycopg.AsyncConnection.connect(
        sample_database.owner_url, autocommit=True
    ) as connection:

        async def waits() -> bool:
            found = await connection.execute(
                "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'inbox'::regclass"
            )
            return await found.fetchone() == (1,) and await asyncio.to_thread(unclaimed, rabbitmq, queue) == 0

        await eventually(waits)


@contextlib.contextmanager
def database_away(sample_database: SampleDatabase, postgres_url: str) -> Iterator[None]:
    """Nobody can connect, and who was connected no longer is."""
    name = str(make_url(sample_database.app_url).database)
    allow = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute(allow.format(sql.Identifier(name), sql.SQL("false")))
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        try:
            yield
        finally:
            admin.execute(allow.format(sql.Identifier(name), sql.SQL("true")))


def unclaimed(rabbitmq: RabbitMq, queue: str) -> int:
    """How many events wait in the queue and are in nobody's hands."""
    with broker.connected(rabbitmq.url) as connection:
        return connection.channel().queue_declare(queue, passive=True).message_count


async def test_an_event_is_stored_once_however_often_it_comes(
    running: IntakeProcess, queue: str, rabbitmq: RabbitMq, database: Database
) -> None:
    one, other = envelope(), envelope()
    publish(rabbitmq.url, queue, one.SerializeToString(), one.SerializeToString(), other.SerializeToString())

    async def counted() -> bool:
        return 'intake_received_total{result="repeated"} 1.0' in await asyncio.to_thread(running.metrics)

    await eventually(counted)
    assert sorted(await stored(database)) == sorted(ids(one, other))
    assert await asyncio.to_thread(running.terminate, 20) == 0
    assert take_all(rabbitmq.url, queue) == []


async def test_killed_with_an_event_in_hand_it_is_stored_once(
    running: IntakeProcess,
    queue: str,
    rabbitmq: RabbitMq,
    database: Database,
    sample_database: SampleDatabase,
) -> None:
    one = envelope()
    with inbox_locked(sample_database):
        publish(rabbitmq.url, queue, one.SerializeToString())
        await in_hand(sample_database, rabbitmq, queue)
        running.kill()
    with intake(queue, rabbitmq.url, sample_database.app_url) as again:
        await ready(again)
        await all_stored(database, ids(one))
        assert len(await stored(database)) == 1
        assert await asyncio.to_thread(again.terminate, 20) == 0
    assert take_all(rabbitmq.url, queue) == []


async def test_told_to_stop_it_acknowledges_what_it_has_in_hand(
    running: IntakeProcess,
    queue: str,
    rabbitmq: RabbitMq,
    database: Database,
    sample_database: SampleDatabase,
) -> None:
    envelopes = [envelope() for _ in range(10)]
    with inbox_locked(sample_database):
        publish(rabbitmq.url, queue, *(each.SerializeToString() for each in envelopes))
        await in_hand(sample_database, rabbitmq, queue)
        stopping = asyncio.create_task(asyncio.to_thread(running.terminate, 20))
        await ready(running, wanted=False)
    assert await stopping == 0
    assert set(await stored(database)) == ids(*envelopes)
    assert take_all(rabbitmq.url, queue) == []


async def test_told_to_stop_while_the_broker_is_away_it_stops(
    running: IntakeProcess, rabbitmq: RabbitMq
) -> None:
    await asyncio.to_thread(rabbitmq.stop)
    try:
        await ready(running, wanted=False)
        assert await asyncio.to_thread(running.terminate, 5) == 0
    finally:
        await asyncio.to_thread(rabbitmq.start)


async def test_told_to_stop_while_the_database_is_away_it_gives_events_back(
    running: IntakeProcess, queue: str, rabbitmq: RabbitMq, sample_database: SampleDatabase, postgres_url: str
) -> None:
    with database_away(sample_database, postgres_url):
        publish(rabbitmq.url, queue, envelope().SerializeToString())
        assert await asyncio.to_thread(running.terminate, 20) == 0
        assert len(take_all(rabbitmq.url, queue)) == 1


async def test_what_is_no_envelope_is_parked_and_the_good_ones_are_stored(
    running: IntakeProcess, queue: str, rabbitmq: RabbitMq, database: Database
) -> None:
    nameless = envelope()
    nameless.event_id = "nobody"
    poison = [b"", b"\xff\xfe no protobuf", nameless.SerializeToString()]
    good = [envelope() for _ in range(50)]
    publish(rabbitmq.url, queue, *poison, *(each.SerializeToString() for each in good))
    await all_stored(database, ids(*good))
    parked: list[bytes] = []

    async def all_parked() -> bool:
        parked.extend(take_all(rabbitmq.url, f"{queue}.dead"))
        return len(parked) == len(poison)

    await eventually(all_parked)
    assert sorted(parked) == sorted(poison)
    assert running.alive()


async def test_while_the_database_is_away_nothing_is_parked_or_lost(
    running: IntakeProcess,
    queue: str,
    rabbitmq: RabbitMq,
    database: Database,
    sample_database: SampleDatabase,
    postgres_url: str,
) -> None:
    envelopes = [envelope() for _ in range(100)]
    with database_away(sample_database, postgres_url):
        publish(rabbitmq.url, queue, *(each.SerializeToString() for each in envelopes))

        async def stopped_consuming() -> bool:
            return await asyncio.to_thread(unclaimed, rabbitmq, queue) == 100 - 64

        await eventually(stopped_consuming)
    await all_stored(database, ids(*envelopes))
    assert take_all(rabbitmq.url, f"{queue}.dead") == []


async def test_it_goes_on_after_the_broker_was_restarted(
    running: IntakeProcess, queue: str, rabbitmq: RabbitMq, database: Database
) -> None:
    before, after = envelope(), envelope()
    publish(rabbitmq.url, queue, before.SerializeToString())
    await all_stored(database, ids(before))
    await asyncio.to_thread(rabbitmq.stop)
    await asyncio.to_thread(rabbitmq.start)
    publish(rabbitmq.url, queue, after.SerializeToString())
    await all_stored(database, ids(before, after))
    assert running.alive()


async def test_a_frozen_broker_is_noticed_and_left(
    running: IntakeProcess, queue: str, rabbitmq: RabbitMq, database: Database
) -> None:
    os.kill(rabbitmq.process.pid, signal.SIGSTOP)
    try:
        await ready(running, wanted=False)
    finally:
        os.kill(rabbitmq.process.pid, signal.SIGCONT)
    one = envelope()
    publish(rabbitmq.url, queue, one.SerializeToString())
    await all_stored(database, ids(one))


async def test_it_waits_for_a_broker_that_is_not_there_yet(
    queue: str, rabbitmq: RabbitMq, database: Database, sample_database: SampleDatabase
) -> None:
    await asyncio.to_thread(rabbitmq.stop)
    with intake(queue, rabbitmq.url, sample_database.app_url) as early:

        async def alive() -> bool:
            return await asyncio.to_thread(early.alive)

        await eventually(alive)
        assert not early.ready()
        await asyncio.to_thread(rabbitmq.start)
        await ready(early)
        declare(rabbitmq.url, queue)  # the same arguments again
        one = envelope()
        publish(rabbitmq.url, queue, one.SerializeToString())
        await all_stored(database, ids(one))
