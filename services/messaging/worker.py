"""The worker: takes in what others tell, publishes what happened here, and destroys keys that are doomed."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Final

from chassis import outbox
from chassis.database import Database
from chassis.database_metrics import DatabaseMetrics
from chassis.doomed_keys import DoomedDataKeys
from chassis.inbox import Inbox
from chassis.keys import KeyDatabase
from chassis.relay import Relay
from chassis.request_pruning import RequestPruning
from chassis.tables import INBOX_CHANNEL, OUTBOX_CHANNEL
from chassis.telemetry import Telemetry
from chassis.worker import Worker
from services.messaging.bindings import (
    PATIENT_CHANGED,
    SERVICE,
    STAFF_DISABLED,
    STAFF_ENABLED,
    TASK_CLOSED,
    TASK_OPENED,
)
from services.messaging.guard.storage import forget_texts
from services.messaging.metrics import Metrics
from services.messaging.patients.learning import PatientEvents
from services.messaging.receipts.events import ReceiptEvents
from services.messaging.settings import WorkerSettings
from services.messaging.work.events import StaffEvents, TaskEvents

_INBOX_LANES: Final = 4
_PRUNE_EVERY: Final = timedelta(hours=1)
_LOOK_AT_SCHEMA_EVERY: Final = timedelta(minutes=1)
_DESTROY_EVERY: Final = timedelta(seconds=10)


def _now() -> datetime:
    return datetime.now(UTC)


async def run(settings: WorkerSettings, stop: asyncio.Event) -> None:
    """Work until stopped."""
    telemetry = Telemetry(SERVICE, "worker", settings.metrics_port, settings.metrics_host)
    database = Database(settings.database_url, pool_size=_INBOX_LANES + 3)
    measured = DatabaseMetrics(telemetry.registry, database)
    key_database = KeyDatabase(settings.keys_database_url)
    doomed = DoomedDataKeys(database, key_database, _now)
    patients = PatientEvents(_now)
    receipts = ReceiptEvents(_now, Metrics(telemetry.registry))
    staff, tasks = StaffEvents(_now), TaskEvents(_now)
    inbox = Inbox(
        database,
        consumer=SERVICE,
        handlers={
            PATIENT_CHANGED: patients.changed,
            STAFF_DISABLED: staff.disabled,
            STAFF_ENABLED: staff.enabled,
            TASK_OPENED: tasks.opened,
            TASK_CLOSED: tasks.closed,
        },
        together=receipts.together,
        registry=telemetry.registry,
        parallel=_INBOX_LANES,
        spans=telemetry.spans,
    )
    relay = Relay(
        database_url=settings.database_url,
        amqp_url=settings.amqp_url,
        exchange=SERVICE,
        registry=telemetry.registry,
        spans=telemetry.spans,
    )

    async def prune() -> None:
        await inbox.prune()
        async with database.transaction() as tx:
            await outbox.prune(tx)
            await forget_texts(tx, _now() - settings.guard.window)

    worker = Worker(settings.database_url)
    worker.serve("inbox", inbox.run, wake_channel=INBOX_CHANNEL)
    worker.serve("outbox", relay.run, wake_channel=OUTBOX_CHANNEL)
    worker.every("doomed keys", _DESTROY_EVERY, doomed.destroy_due)
    worker.every("prune", _PRUNE_EVERY, prune)
    worker.every("schema", _LOOK_AT_SCHEMA_EVERY, measured.look)
    worker.every("old requests", _PRUNE_EVERY, RequestPruning(database).forget_some)

    telemetry.start()
    telemetry.ready = True
    try:
        await worker.run(stop)
    finally:
        telemetry.ready = False
        await database.close()
        await key_database.close()
        telemetry.stop()
