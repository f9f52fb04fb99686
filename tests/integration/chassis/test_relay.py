"""That no event in the outbox is lost on its way to RabbitMQ."""

import asyncio
import contextlib
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC
from uuid import uuid4

import pytest
from google.protobuf.wrappers_pb2 import StringValue
from prometheus_client import CollectorRegistry
from sqlalchemy import func, select

from chassis.database import Database
from chassis.outbox import prune, record, record_all
from chassis.relay import Relay
from chassis.tables import OUTBOX_CHANNEL
from chassis.worker import Worker
from deploy.local.rabbitmq import RabbitMq
from praxispost.chassis.v1.envelope_pb2 import Envelope
from tests.integration.chassis.bus import TENANT, declare, event, take_all
from tests.integration.chassis.sample import TABLES, SampleDatabase
from tests.integration.chassis.waiting import eventually


@pytest.fixture
def exchange() -> str:
    return f"sample_{uuid4().hex[:12]}"


async def publish(database: Database, count: int) -> None:
    async with database.transaction() as tx:
        await record_all(tx, [event(str(number)) for number in range(count)])


async def pending(database: Database) -> int:
    waiting = select(func.count()).where(TABLES.outbox.c.published_at.is_(None))
    async with database.transaction() as tx:
        return (await tx.execute(waiting)).scalar_one()


async def all_published(database: Database) -> None:
    async def none_waits() -> bool:
        return await pending(database) == 0

    await eventually(none_waits, seconds=60)


@contextlib.asynccontextmanager
async def relaying(
    sample_database: SampleDatabase, rabbitmq: RabbitMq, exchange: str
) -> AsyncIterator[CollectorRegistry]:
    registry = CollectorRegistry()
    relay = Relay(
        database_url=sample_database.app_url, amqp_url=rabbitmq.url, exchange=exchange, registry=registry
    )
    worker, stop = Worker(sample_database.app_url), asyncio.Event()
    worker.serve("relay", relay.run, wake_channel=OUTBOX_CHANNEL)
    running = asyncio.create_task(worker.run(stop))
    try:
        yield registry
    finally:
        stop.set()
        await running


def received(rabbitmq: RabbitMq, queue: str) -> list[Envelope]:
    """Everything that the queue holds now, taken out of it."""
    return [Envelope.FromString(body) for body in take_all(rabbitmq.url, queue)]


async def test_events_arrive_as_they_were_recorded(
    database: Database, sample_database: SampleDatabase, rabbitmq: RabbitMq, exchange: str
) -> None:
    declare(rabbitmq.url, exchange)
    async with relaying(sample_database, rabbitmq, exchange) as registry:
        made = event("content")
        async with database.transaction() as tx:
            await record(tx, made)
        await all_published(database)
    (envelope,) = received(rabbitmq, exchange)
    assert (envelope.type, envelope.tenant_id, envelope.aggregate_id, envelope.aggregate_version) == (
        "sample.thing_made",
        str(TENANT),
        str(made.aggregate_id),
        1,
    )
    assert envelope.occurred_at.ToDatetime(UTC) == made.occurred_at
    assert StringValue.FromString(envelope.data).value == "content"
    confirmed = {"result": "confirmed"}
    assert registry.get_sample_value("praxispost_outbox_published_total", confirmed) == 1


async def _record_and_fail(database: Database) -> None:
    async with database.transaction() as tx:
        await record(tx, event("undone"))
        raise LookupError


async def test_an_event_of_an_undone_transaction_is_not_published(
    database: Database, sample_database: SampleDatabase, rabbitmq: RabbitMq, exchange: str
) -> None:
    declare(rabbitmq.url, exchange)
    with pytest.raises(LookupError):
        await _record_and_fail(database)
    await publish(database, 1)
    async with relaying(sample_database, rabbitmq, exchange):
        await all_published(database)
    assert [StringValue.FromString(each.data).value for each in received(rabbitmq, exchange)] == ["0"]


async def test_an_event_waits_for_its_queue_and_does_not_hold_up_others(
    database: Database, sample_database: SampleDatabase, rabbitmq: RabbitMq, exchange: str
) -> None:
    async with relaying(sample_database, rabbitmq, exchange) as registry:
        await publish(database, 3)

        async def returned() -> bool:
            result = {"result": "returned"}
            return (registry.get_sample_value("praxispost_outbox_published_total", result) or 0) >= 3

        await eventually(returned)
        assert await pending(database) == 3
        declare(rabbitmq.url, exchange)
        await publish(database, 2)
        await all_published(database)
    assert len(received(rabbitmq, exchange)) == 5


async def test_two_relays_share_the_work_and_publish_nothing_twice(
    database: Database, sample_database: SampleDatabase, rabbitmq: RabbitMq, exchange: str
) -> None:
    declare(rabbitmq.url, exchange)
    await publish(database, 3000)
    async with (
        relaying(sample_database, rabbitmq, exchange),
        relaying(sample_database, rabbitmq, exchange),
    ):
        await all_published(database)
    times = Counter(envelope.event_id for envelope in received(rabbitmq, exchange))
    assert len(times) == 3000
    assert set(times.values()) == {1}


async def test_nothing_is_lost_when_the_broker_stops_and_starts_again(
    database: Database, sample_database: SampleDatabase, rabbitmq: RabbitMq, exchange: str
) -> None:
    declare(rabbitmq.url, exchange)
    async with relaying(sample_database, rabbitmq, exchange):
        await publish(database, 1000)
        await asyncio.to_thread(rabbitmq.stop)
        await publish(database, 1000)
        await asyncio.to_thread(rabbitmq.start)
        await publish(database, 1000)
        await all_published(database)
    times = Counter(envelope.event_id for envelope in received(rabbitmq, exchange))
    assert len(times) == 3000
    assert max(times.values()) <= 2


async def test_a_frozen_broker_is_noticed_and_left(
    database: Database,
    sample_database: SampleDatabase,
    rabbitmq: RabbitMq,
    exchange: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def noticed() -> bool:
        return "relay interrupted" in caplog.text

    declare(rabbitmq.url, exchange)
    async with relaying(sample_database, rabbitmq, exchange):
        await publish(database, 1)
        await all_published(database)
        os.kill(rabbitmq.process.pid, signal.SIGSTOP)
        try:
            await publish(database, 100)
            await eventually(noticed, seconds=60)
        finally:
            os.kill(rabbitmq.process.pid, signal.SIGCONT)
        await all_published(database)
    assert len({envelope.event_id for envelope in received(rabbitmq, exchange)}) == 101


async def test_events_published_long_ago_are_forgotten(
    database: Database, sample_database: SampleDatabase, rabbitmq: RabbitMq, exchange: str
) -> None:
    await publish(database, 3)
    old = func.now() - func.make_interval(0, 0, 0, 8)
    async with database.transaction() as tx:
        first = select(func.min(TABLES.outbox.c.id)).scalar_subquery()
        await tx.execute(TABLES.outbox.update().where(TABLES.outbox.c.id == first).values(published_at=old))
        assert await prune(tx) == 1
        assert await prune(tx) == 0
