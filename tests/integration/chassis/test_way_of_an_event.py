"""The whole way of an event, from the transaction of its fact to its effect in another service."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import Database
from chassis.inbox import Inbox
from chassis.outbox import record
from chassis.relay import Relay
from chassis.tables import INBOX_CHANNEL, OUTBOX_CHANNEL
from chassis.worker import Worker
from deploy.local.rabbitmq import RabbitMq
from praxispost.chassis.v1.envelope_pb2 import Envelope
from tests.integration.chassis.bus import TYPE, event, intake
from tests.integration.chassis.sample import SampleDatabase
from tests.integration.chassis.waiting import eventually

LOST_AFTER_SECONDS = 30
NOBODY_LOOKS_SECONDS = 3600.0


@pytest.fixture
async def arrivals(
    database: Database,
    sample_database: SampleDatabase,
    rabbitmq: RabbitMq,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[asyncio.Queue[str]]:
    """Relay, intake and inbox at work; here come the ids of the aggregates whose events are handled.

    Neither relay nor inbox looks by itself, so that only what wakes them takes an event on.
    """
    monkeypatch.setattr("chassis.relay._LOOK_EVERY", NOBODY_LOOKS_SECONDS)
    monkeypatch.setattr("chassis.inbox._LOOK_EVERY", NOBODY_LOOKS_SECONDS)
    name, url = f"sample_{uuid4().hex[:12]}", sample_database.app_url
    handled: asyncio.Queue[str] = asyncio.Queue()

    async def handler(_tx: AsyncConnection, envelope: Envelope) -> None:
        handled.put_nowait(envelope.aggregate_id)

    worker, stop, registry = Worker(url), asyncio.Event(), CollectorRegistry()
    relay = Relay(database_url=url, amqp_url=rabbitmq.url, exchange=name, registry=registry)
    inbox = Inbox(database, consumer=name, handlers={TYPE: handler}, registry=registry)
    worker.serve("relay", relay.run, wake_channel=OUTBOX_CHANNEL)
    worker.serve("inbox", inbox.run, wake_channel=INBOX_CHANNEL)
    with intake(name, rabbitmq.url, url) as process:

        async def ready() -> bool:
            return await asyncio.to_thread(process.ready)

        await eventually(ready)
        running = asyncio.create_task(worker.run(stop))
        yield handled
        stop.set()
        await running


async def test_each_event_is_taken_on_by_wakes_alone(
    database: Database, arrivals: asyncio.Queue[str]
) -> None:
    for _ in range(20):
        made = event()
        async with database.transaction() as tx:
            await record(tx, made)
        async with asyncio.timeout(LOST_AFTER_SECONDS):
            assert await arrivals.get() == str(made.aggregate_id)
