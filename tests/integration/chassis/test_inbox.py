"""That each event has its effect once, and one that cannot be handled ends visibly."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from google.protobuf.wrappers_pb2 import StringValue
from prometheus_client import CollectorRegistry
from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import dead_letters
from chassis.database import Database, wake_after_commit
from chassis.events import Event, envelop
from chassis.inbox import Handler, Inbox
from chassis.tables import INBOX_CHANNEL
from chassis.worker import Worker
from praxispost.chassis.v1.envelope_pb2 import Envelope
from tests.integration.chassis.sample import TABLES, THING, SampleDatabase
from tests.integration.chassis.waiting import eventually

TENANT = uuid4()
TYPE = "sample.thing_made"


def envelope(value: str = "made", event_type: str = TYPE) -> Envelope:
    event = Event(event_type, TENANT, uuid4(), 1, datetime.now(UTC), StringValue(value=value))
    return envelop(event, uuid4())


async def deliver(database: Database, *envelopes: Envelope) -> None:
    rows = [
        {
            "consumer": "sample",
            "event_id": UUID(each.event_id),
            "type": each.type,
            "envelope": each.SerializeToString(),
        }
        for each in envelopes
    ]
    async with database.transaction() as tx:
        await tx.execute(insert(TABLES.inbox).values(rows))
        wake_after_commit(tx, INBOX_CHANNEL)


async def store(tx: AsyncConnection, received: Envelope) -> None:
    """A handler whose effect is a row of the event's tenant."""
    value = StringValue.FromString(received.data).value
    await tx.execute(insert(THING).values(tenant_id=UUID(received.tenant_id), id=uuid4(), value=value))


@contextlib.asynccontextmanager
async def working(sample_database: SampleDatabase, handler: Handler) -> AsyncIterator[CollectorRegistry]:
    """A worker of its own process' kind, whose first pause after a failure is 5 ms."""
    database, registry = Database(sample_database.app_url, pool_size=8), CollectorRegistry()
    inbox = Inbox(
        database,
        consumer="sample",
        handlers={TYPE: handler},
        registry=registry,
        first_pause=timedelta(milliseconds=5),
    )
    worker, stop = Worker(sample_database.app_url), asyncio.Event()
    worker.serve("inbox", inbox.run, wake_channel=INBOX_CHANNEL)
    running = asyncio.create_task(worker.run(stop))
    try:
        yield registry
    finally:
        stop.set()
        await running
        await database.close()


async def states(database: Database) -> dict[str, int]:
    state, number = TABLES.inbox.c.state, func.count().label("number")
    async with database.transaction() as tx:
        counted = await tx.execute(select(state, number).group_by(state))
    return {row.state: row.number for row in counted}


async def effects(database: Database) -> list[str]:
    async with database.transaction([TENANT]) as tx:
        return sorted((await tx.execute(select(THING.c.value))).scalars())


async def test_every_event_has_its_effect_once_with_two_workers(
    database: Database, sample_database: SampleDatabase
) -> None:
    values = [f"{number:03}" for number in range(200)]
    await deliver(database, *(envelope(value) for value in values))
    async with working(sample_database, store), working(sample_database, store):

        async def all_done() -> bool:
            return await states(database) == {"done": 200}

        await eventually(all_done)
    assert await effects(database) == values


async def test_an_event_is_handled_as_soon_as_it_comes(
    database: Database, sample_database: SampleDatabase
) -> None:
    handled = asyncio.Queue[float]()
    clock = asyncio.get_running_loop().time

    async def handler(_tx: AsyncConnection, _envelope: Envelope) -> None:
        handled.put_nowait(clock())

    async with working(sample_database, handler):
        await deliver(database, envelope())
        await handled.get()
        delays = []
        for _ in range(20):
            await deliver(database, envelope())
            delivered = clock()
            delays.append(await handled.get() - delivered)
    assert sorted(delays)[10] < 0.2


async def test_a_failing_event_comes_again_then_is_dead_then_redriven(
    database: Database, sample_database: SampleDatabase
) -> None:
    broken = True
    calls = 0

    async def handler(tx: AsyncConnection, received: Envelope) -> None:
        nonlocal calls
        calls += 1
        await store(tx, received)
        if broken:
            raise LookupError("Frau Canary")

    poison = envelope("poison")
    await deliver(database, poison)
    async with working(sample_database, handler) as registry:

        async def dead() -> bool:
            return await states(database) == {"dead": 1}

        await eventually(dead)
        assert calls == 5
        assert await effects(database) == []
        (found,) = await dead_letters.dead_events(database)
        assert found["event_id"] == poison.event_id
        assert found["error"]["type"] == "LookupError"
        assert "Canary" not in json.dumps(found)
        labels = {"event": TYPE, "result": "dead"}
        assert registry.get_sample_value("praxispost_inbox_handled_total", labels) == 1
        broken = False
        assert await dead_letters.redrive(database, [UUID(poison.event_id)]) == 1

        async def done() -> bool:
            return await states(database) == {"done": 1}

        await eventually(done)
    assert await effects(database) == ["poison"]


async def test_a_poisonous_event_does_not_hold_up_the_good_ones(
    database: Database, sample_database: SampleDatabase
) -> None:
    async def handler(tx: AsyncConnection, received: Envelope) -> None:
        await store(tx, received)
        if b"poison" in received.data:
            raise LookupError

    await deliver(database, *(envelope("poison" if number % 10 == 0 else "good") for number in range(100)))
    async with working(sample_database, handler):

        async def all_settled() -> bool:
            return await states(database) == {"done": 90, "dead": 10}

        await eventually(all_settled)
    assert await effects(database) == ["good"] * 90


async def test_an_error_of_the_database_within_a_handler_is_undone_and_counted(
    database: Database, sample_database: SampleDatabase
) -> None:
    async def handler(tx: AsyncConnection, received: Envelope) -> None:
        await tx.execute(insert(THING).values(tenant_id=uuid4(), id=uuid4(), value="foreign"))

    await deliver(database, envelope())
    async with working(sample_database, handler):

        async def dead() -> bool:
            return await states(database) == {"dead": 1}

        await eventually(dead)
    (found,) = await dead_letters.dead_events(database)
    assert "ProgrammingError" in found["error"]["type"]


async def test_an_event_of_unknown_type_ends_dead(
    database: Database, sample_database: SampleDatabase
) -> None:
    await deliver(database, envelope(event_type="sample.thing_unheard_of"))
    async with working(sample_database, store):

        async def dead() -> bool:
            return await states(database) == {"dead": 1}

        await eventually(dead)


async def test_the_command_lists_and_redrives(database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = envelope(), envelope()
    await deliver(database, first, second)
    async with database.transaction() as tx:
        await tx.execute(TABLES.inbox.update().values(state="dead", error='{"type": "LookupError"}'))
    await dead_letters.run(database, "sample dead", ["list"])
    listed = [json.loads(line)["event_id"] for line in capsys.readouterr().out.splitlines()]
    assert listed == [first.event_id, second.event_id]
    await dead_letters.run(database, "sample dead", ["redrive", first.event_id])
    assert capsys.readouterr().out == "1 driven again\n"
    assert await states(database) == {"dead": 1, "pending": 1}
    await dead_letters.run(database, "sample dead", ["redrive", "--all"])
    assert await states(database) == {"pending": 2}


async def test_the_command_wants_to_know_which(database: Database) -> None:
    with pytest.raises(SystemExit):
        await dead_letters.run(database, "sample dead", ["redrive"])
