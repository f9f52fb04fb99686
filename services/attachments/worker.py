"""The worker: collects what no message will ever have, publishes what happened here, destroys doomed keys."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from chassis import outbox
from chassis.database import Database
from chassis.database_metrics import DatabaseMetrics
from chassis.doomed_keys import DoomedDataKeys
from chassis.grpc_client import channel
from chassis.keys import KeyDatabase
from chassis.relay import Relay
from chassis.request_pruning import RequestPruning
from chassis.service_tokens import ServiceTokens
from chassis.tables import OUTBOX_CHANNEL
from chassis.telemetry import Telemetry
from chassis.worker import Worker
from services.attachments.collection import Collector
from services.attachments.lookups import HolderLookup
from services.attachments.objects import ObjectStore
from services.attachments.orphans import OrphanSweep
from services.attachments.settings import WorkerSettings

_POOL_SIZE = 2
_COLLECT_EVERY = timedelta(minutes=5)
_SWEEP_EVERY = timedelta(hours=24)
_DESTROY_EVERY = timedelta(seconds=10)
_PRUNE_EVERY = timedelta(hours=1)
_LOOK_AT_SCHEMA_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Jobs:
    """What there is to do from time to time."""

    collector: Collector
    sweep: OrphanSweep
    doomed: DoomedDataKeys
    database: Database

    async def prune(self) -> None:
        """Forget what was published long ago."""
        async with self.database.transaction() as tx:
            await outbox.prune(tx)


def _now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def _jobs(settings: WorkerSettings, telemetry: Telemetry) -> AsyncIterator[Jobs]:
    to_identity = channel(
        settings.identity_target, tokens=None, audience="identity", telemetry=telemetry, tls=settings.tls
    )
    tokens = ServiceTokens(to_identity, settings.service_account_id, settings.service_account_secret)
    to_messaging = channel(
        settings.messaging_target, tokens=tokens, audience="messaging", telemetry=telemetry, tls=settings.tls
    )
    database = Database(settings.database_url, pool_size=_POOL_SIZE)
    key_database = KeyDatabase(settings.keys_database_url)
    store = ObjectStore(settings.s3)
    lookup = HolderLookup(to_messaging)
    try:
        yield Jobs(
            Collector(database=database, store=store, holders=lookup.holders, clock=_now),
            OrphanSweep(database=database, store=store, clock=_now),
            DoomedDataKeys(database, key_database, _now),
            database,
        )
    finally:
        store.close()
        await database.close()
        await key_database.close()
        await to_messaging.close()
        await to_identity.close()


async def run(settings: WorkerSettings, stop: asyncio.Event) -> None:
    """Work until stopped."""
    telemetry = Telemetry("attachments", "worker", settings.metrics_port, settings.metrics_host)
    relay = Relay(
        database_url=settings.database_url,
        amqp_url=settings.amqp_url,
        exchange="attachments",
        registry=telemetry.registry,
        spans=telemetry.spans,
    )
    telemetry.start()
    async with _jobs(settings, telemetry) as jobs:
        measured = DatabaseMetrics(telemetry.registry, jobs.database)
        worker = Worker(settings.database_url)
        worker.every("collect", _COLLECT_EVERY, jobs.collector.collect)
        worker.every("sweep", _SWEEP_EVERY, jobs.sweep.sweep)
        worker.every("doomed keys", _DESTROY_EVERY, jobs.doomed.destroy_due)
        worker.serve("outbox", relay.run, wake_channel=OUTBOX_CHANNEL)
        worker.every("prune", _PRUNE_EVERY, jobs.prune)
        worker.every("schema", _LOOK_AT_SCHEMA_EVERY, measured.look)
        worker.every("old requests", _PRUNE_EVERY, RequestPruning(jobs.database).forget_some)
        telemetry.ready = True
        await worker.run(stop)
    telemetry.stop()


async def collect_once(settings: WorkerSettings) -> None:
    """Do once, now, what the worker does from time to time."""
    telemetry = Telemetry("attachments", "collect", settings.metrics_port, settings.metrics_host)
    async with _jobs(settings, telemetry) as jobs:
        await jobs.collector.collect()
        await jobs.sweep.sweep()
