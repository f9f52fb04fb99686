"""The worker: sends notices, looks at stopped registrations, moves events, removes what has expired."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import uuid4

from chassis import outbox
from chassis.database_metrics import DatabaseMetrics
from chassis.grpc_client import channel
from chassis.inbox import Inbox
from chassis.keys import FileWrappingKeys
from chassis.relay import Relay
from chassis.request_pruning import RequestPruning
from chassis.service_tokens import ServiceTokens
from chassis.tables import INBOX_CHANNEL, OUTBOX_CHANNEL
from chassis.telemetry import Telemetry
from chassis.worker import Worker
from services.identity.account_changes.doomed_keys import DOOMED_CHANNEL, DoomedKeys
from services.identity.accounts.storage import Accounts
from services.identity.admission.asking import LOOK_CHANNEL
from services.identity.admission.reports import AddressReports
from services.identity.bus import ADDRESS_SUSPECTED, NOT_FOR_ME_REPORTED, SERVICE
from services.identity.foundation import foundation
from services.identity.housekeeping import Housekeeping
from services.identity.notice_delivery import NoticeDelivery
from services.identity.notices import NOTICE_CHANNEL
from services.identity.notifier import Notifier
from services.identity.organisation import readers_upkeep
from services.identity.people import looks
from services.identity.settings import WorkerSettings

_POOL_SIZE: Final = 16
# Notices in hand at the same time.
_NOTICE_LANES: Final = 8
_LOOK_FOR_NOTICES: Final = timedelta(seconds=2)
_INBOX_LANES: Final = 2
_LOOK_AT_REGISTRATIONS: Final = timedelta(seconds=10)
_DELETE_EVERY: Final = timedelta(minutes=5)
_CHECK_READERS_EVERY: Final = timedelta(minutes=5)
_PRUNE_EVERY: Final = timedelta(hours=1)
_LOOK_AT_SCHEMA_EVERY: Final = timedelta(minutes=1)


def _now() -> datetime:
    return datetime.now(UTC)


async def run(settings: WorkerSettings, stop: asyncio.Event) -> None:
    """Work until stopped."""
    telemetry = Telemetry(SERVICE, "worker", settings.metrics_port, settings.metrics_host)
    to_identity = channel(
        settings.identity_target, tokens=None, audience="identity", telemetry=telemetry, tls=settings.tls
    )
    tokens = ServiceTokens(to_identity, settings.service_account_id, settings.service_account_secret)
    to_notifier = channel(
        settings.notifier_target, tokens=tokens, audience="notifier", telemetry=telemetry, tls=settings.tls
    )
    relay = Relay(
        database_url=settings.database_url,
        amqp_url=settings.amqp_url,
        exchange=SERVICE,
        registry=telemetry.registry,
        spans=telemetry.spans,
    )
    async with foundation(
        database_url=settings.database_url,
        keys_database_url=settings.keys_database_url,
        wrapping=FileWrappingKeys(settings.wrapping_keys),
        pool_size=_POOL_SIZE,
        registry=telemetry.registry,
        new_id=uuid4,
    ) as base:
        delivery = NoticeDelivery(
            base.database, base.proofs.notices, Accounts(base.keys), Notifier(to_notifier), clock=_now
        )
        readers = readers_upkeep(base, clock=_now, new_id=uuid4)
        housekeeping = Housekeeping(base.database, clock=_now)

        looking = looks(
            base.database, base.keys, base.registration_sealer, base.proofs, clock=_now, new_id=uuid4
        )
        reports = AddressReports(_now)
        inbox = Inbox(
            base.database,
            consumer=SERVICE,
            handlers={ADDRESS_SUSPECTED: reports.suspected, NOT_FOR_ME_REPORTED: reports.not_for_me},
            registry=telemetry.registry,
            parallel=_INBOX_LANES,
            spans=telemetry.spans,
        )

        async def prune() -> None:
            await inbox.prune()
            async with base.database.transaction() as tx:
                await outbox.prune(tx)

        measured = DatabaseMetrics(telemetry.registry, base.database)
        worker = Worker(settings.database_url)
        for lane in range(_NOTICE_LANES):
            worker.every(
                f"notices-{lane}", _LOOK_FOR_NOTICES, delivery.deliver_next, wake_channel=NOTICE_CHANNEL
            )
        worker.every("looks", _LOOK_AT_REGISTRATIONS, looking.look_next, wake_channel=LOOK_CHANNEL)
        worker.serve("inbox", inbox.run, wake_channel=INBOX_CHANNEL)
        worker.serve("outbox", relay.run, wake_channel=OUTBOX_CHANNEL)
        doomed = DoomedKeys(base.database, base.keys)
        worker.every("doomed keys", _DELETE_EVERY, doomed.destroy_next, wake_channel=DOOMED_CHANNEL)
        worker.every("housekeeping", _DELETE_EVERY, housekeeping.delete_expired)
        worker.every("readers", _CHECK_READERS_EVERY, readers.check_some)
        worker.every("prune", _PRUNE_EVERY, prune)
        worker.every("schema", _LOOK_AT_SCHEMA_EVERY, measured.look)
        worker.every("old requests", _PRUNE_EVERY, RequestPruning(base.database).forget_some)

        telemetry.start()
        telemetry.ready = True
        try:
            await worker.run(stop)
        finally:
            telemetry.ready = False
            await to_notifier.close()
            await to_identity.close()
            telemetry.stop()
