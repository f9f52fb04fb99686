"""That each event has its effect once, and one that cannot be handled ends visibly."""

import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from google.protobuf.wrappers_pb2 import StringValue
from prometheus_client import CollectorRegistry
from sqlalchemy import func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import dead_letters
from chassis.database import Database, wake_after_commit
from chassis.events import Event, envelop
from chassis.inbox import Handler, Inbox, TogetherHandler
from chassis.inbox_turns import CLAIM, Turns
from chassis.tables import INBOX_CHANNEL, NOBODY
from chassis.worker import Worker
from praxispost.chassis.v1.envelope_pb2 import Envelope
from tests.integration.chassis.sample import TABLES, THING, SampleDatabase
from tests.integration.chassis.waiting import eventually

TENANT = uuid4()
TYPE = "sample.thing_made"


def envelope(value: str = "made", event_type: str = TYPE, tenant: UUID = TENANT) -> Envelope:
    event = Event(event_type, tenant, uuid4(), 1, datetime.now(UTC), StringValue(value=value))
    return envelop(event, uuid4())


async def deliver(database: Database, *envelopes: Envelope) -> None:
    rows = [
        {
            "consumer": "sample",
            "event_id": UUID(each.event_id),
            "type": each.type,
            "envelope": each.SerializeToString(),
            "tenant_id": UUID(each.tenant_id),
        }
        for each in envelopes
    ]
    async with database.transaction() as tx:
        await tx.execute(insert(TABLES.inbox), rows)
        wake_after_commit(tx, INBOX_CHANNEL)


async def store(tx: AsyncConnection, received: Envelope) -> None:
    """A handler whose effect is a row of the event's tenant."""
    value = StringValue.FromString(received.data).value
    await tx.execute(insert(THING).values(tenant_id=UUID(received.tenant_id), id=uuid4(), value=value))


@contextlib.asynccontextmanager
async def working(
    sample_database: SampleDatabase,
    handler: Handler | None = None,
    *,
    together: TogetherHandler | None = None,
) -> AsyncIterator[CollectorRegistry]:
    """A worker of its own process' kind, whose first pause after a failure is 5 ms."""
    database, registry = Database(sample_database.app_url, pool_size=8), CollectorRegistry()
    inbox = Inbox(
        database,
        consumer="sample",
        handlers={} if handler is None else {TYPE: handler},
        together={} if together is None else {TYPE: together},
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


async def test_a_poisonous_event_does_not_hold_up_those_that_are_handled_together_with_it(
    database: Database, sample_database: SampleDatabase
) -> None:
    calls: list[int] = []

    async def handler(tx: AsyncConnection, received: Sequence[Envelope]) -> None:
        calls.append(len(received))
        for each in received:
            await store(tx, each)
            if b"poison" in each.data:
                raise LookupError

    values = [f"{number:04}" for number in range(1000)]
    await deliver(
        database, *(envelope(value) for value in values[:500]), envelope("poison"), envelope("poison")
    )
    await deliver(database, *(envelope(value) for value in values[500:]))
    async with working(sample_database, together=handler), working(sample_database, together=handler):

        async def all_settled() -> bool:
            return await states(database) == {"done": 1000, "dead": 2}

        await eventually(all_settled)
    assert await effects(database) == values
    assert max(calls) > 1
    assert [each["attempts"] for each in await dead_letters.dead_events(database)] == [5, 5]


async def test_events_of_several_tenants_are_handled_within_their_own_tenants_rows(
    database: Database, sample_database: SampleDatabase
) -> None:
    """Each alone where the handler takes one, and within those of all where it takes them together."""
    tenants = [TENANT, uuid4(), uuid4()]
    seen: set[str] = set()

    async def limit(tx: AsyncConnection) -> str:
        limit_set: str = (await tx.execute(text("SELECT current_setting('praxispost.tenants')"))).scalar_one()
        return limit_set

    async def one(tx: AsyncConnection, received: Envelope) -> None:
        assert await limit(tx) == received.tenant_id

    async def several(tx: AsyncConnection, received: Sequence[Envelope]) -> None:
        assert set((await limit(tx)).split(",")) == {each.tenant_id for each in received}
        seen.add(await limit(tx))

    async def all_done() -> bool:
        return set(await states(database)) == {"done"}

    await deliver(database, *(envelope(tenant=tenant) for tenant in tenants))
    async with working(sample_database, one):
        await eventually(all_done)
    await deliver(database, *(envelope(tenant=tenant) for tenant in tenants for _ in range(10)))
    async with working(sample_database, together=several):
        await eventually(all_done)
    assert any("," in each for each in seen)


async def test_an_event_does_not_wait_for_the_hundreds_of_another_tenant(
    database: Database, sample_database: SampleDatabase
) -> None:
    other, handled = uuid4(), list[str]()

    async def handler(_tx: AsyncConnection, received: Envelope) -> None:
        handled.append(received.tenant_id)

    await deliver(database, *(envelope() for _ in range(400)))
    await deliver(database, envelope(tenant=other))
    async with working(sample_database, handler):

        async def all_done() -> bool:
            return await states(database) == {"done": 401}

        await eventually(all_done)
    assert handled.index(str(other)) < 20


async def test_an_event_does_not_wait_for_the_thousands_that_are_handled_together(
    database: Database, sample_database: SampleDatabase
) -> None:
    other, handled = uuid4(), list[str]()

    async def handler(_tx: AsyncConnection, received: Sequence[Envelope]) -> None:
        handled.extend(each.tenant_id for each in received)

    await deliver(database, *(envelope() for _ in range(3000)))
    await deliver(database, envelope(tenant=other))
    async with working(sample_database, together=handler):

        async def all_done() -> bool:
            return await states(database) == {"done": 3001}

        await eventually(all_done)
    assert handled.index(str(other)) < 500


async def test_each_of_many_tenants_has_its_turn(database: Database) -> None:
    tenants = [uuid4() for _ in range(25)]
    await deliver(database, *(envelope(tenant=tenant) for tenant in tenants for _ in range(2)))
    turns, order = Turns("sample"), list[UUID]()
    for _ in range(10):
        async with database.transaction() as tx:
            rows = await turns.claim(tx, 10)
            ids = [row.event_id for row in rows]
            await tx.execute(
                update(TABLES.inbox).where(TABLES.inbox.c.event_id.in_(ids)).values(state="done")
            )
        assert len(rows) <= 10
        order += [row.tenant_id for row in rows]
    assert Counter(order[:20]).most_common(1)[0][1] == 1
    assert Counter(order) == dict.fromkeys(tenants, 2)


async def test_taking_turns_stays_cheap_with_a_hundred_thousand_events_of_hundreds_of_tenants(
    database: Database,
) -> None:
    fill = text(
        "INSERT INTO inbox (consumer, event_id, type, envelope, tenant_id)"
        " SELECT 'sample', gen_random_uuid(), 'sample.thing_made', decode(repeat('00', 200), 'hex'),"
        " lpad(least(n % 600, 300)::text, 32, '0')::uuid FROM generate_series(1, 100000) AS n"
    )
    claim = text(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {CLAIM.text}")
    async with database.transaction() as tx:
        await tx.execute(fill)
    async with database.transaction() as tx:
        given = {"consumer": "sample", "first": NOBODY, "most": 100}
        plan = (await tx.execute(claim, given)).scalar_one()[0]["Plan"]
    assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] < 3000


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
