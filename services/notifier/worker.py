"""The worker: takes events from the inbox, sends the prompts that are due, publishes what came of them."""

import asyncio
import random
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import uuid4

from chassis import outbox
from chassis.database import Database
from chassis.database_metrics import DatabaseMetrics
from chassis.grpc_client import channel
from chassis.inbox import Inbox
from chassis.relay import Relay
from chassis.request_pruning import RequestPruning
from chassis.service_tokens import ServiceTokens
from chassis.tables import INBOX_CHANNEL, OUTBOX_CHANNEL
from chassis.telemetry import Telemetry
from chassis.worker import Worker
from services.notifier.bindings import PATIENT_CHANGED, SERVICE
from services.notifier.mail.address import domain_of
from services.notifier.mail.relay import MailRelay
from services.notifier.mail.settings import check_smtp
from services.notifier.prompts.arriving import MessageEvents
from services.notifier.prompts.attempting import Attempts
from services.notifier.prompts.concluding import Concluding
from services.notifier.prompts.gathering import Gathering
from services.notifier.prompts.identity import IdentityContacts
from services.notifier.prompts.metrics import PromptMetrics
from services.notifier.prompts.patients import patient_changed
from services.notifier.prompts.reminding import Reminding
from services.notifier.prompts.sender import PromptSender
from services.notifier.prompts.storage import PROMPTS_CHANNEL
from services.notifier.settings import WorkerSettings, check_letters
from services.notifier.texts import Texts

# Prompts in hand at the same time: while some are on the connections to the relay, others are prepared and
# recorded, together.
_PARALLEL: Final = 32
_CONNECTIONS: Final = 8
# Claims, preparations, acceptances, four other outcomes, and figures.
_DATABASE_CONNECTIONS: Final = 8
# Together with identity's deadline far less than the lease of a prompt.
_PATIENCE: Final = timedelta(seconds=90)
_INBOX_LANES: Final = 4
_PRUNE_EVERY: Final = timedelta(hours=1)
_LOOK_AT_SCHEMA_EVERY: Final = timedelta(minutes=1)
_REMIND_EVERY: Final = timedelta(minutes=1)


def _now() -> datetime:
    return datetime.now(UTC)


async def run(settings: WorkerSettings, stop: asyncio.Event) -> None:
    """Work until stopped."""
    check_smtp(settings.smtp)
    check_letters(settings.mail_from, settings.portal_url)
    telemetry = Telemetry(SERVICE, "worker", settings.metrics_port, settings.metrics_host)
    database = Database(settings.database_url, pool_size=_DATABASE_CONNECTIONS + _INBOX_LANES + 2)
    measured = DatabaseMetrics(telemetry.registry, database)

    to_token_service = channel(settings.identity_target, tokens=None, audience="identity", tls=settings.tls)
    tokens = ServiceTokens(to_token_service, settings.service_account_id, settings.service_account_secret)
    to_identity = channel(
        settings.identity_target, tokens=tokens, audience="identity", telemetry=telemetry, tls=settings.tls
    )

    mail = MailRelay(
        settings.smtp,
        greeting_name=domain_of(settings.mail_from),
        connections=_CONNECTIONS,
        patience=_PATIENCE,
    )
    attempts = Attempts(
        database,
        IdentityContacts(to_identity),
        mail,
        Texts(settings.portal_url),
        address=settings.mail_from,
        clock=_now,
    )
    sender = PromptSender(
        database,
        attempts,
        Concluding(reminder_after=settings.reminder_after),
        PromptMetrics(telemetry.registry),
        parallel=_PARALLEL,
        clock=_now,
        jitter=random.random,
        spans=telemetry.spans,
    )
    messages = MessageEvents(Gathering(window=settings.prompt_window, clock=_now, new_id=uuid4))
    inbox = Inbox(
        database,
        consumer=SERVICE,
        handlers={**messages.handlers, PATIENT_CHANGED: patient_changed},
        together=messages.together,
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

    worker = Worker(settings.database_url)
    worker.serve("inbox", inbox.run, wake_channel=INBOX_CHANNEL)
    worker.serve("prompts", sender.run, wake_channel=PROMPTS_CHANNEL)
    worker.serve("outbox", relay.run, wake_channel=OUTBOX_CHANNEL)
    reminding = Reminding(database, clock=_now, new_id=uuid4)
    worker.every("reminders", _REMIND_EVERY, reminding.run)
    worker.every("prune", _PRUNE_EVERY, prune)
    worker.every("schema", _LOOK_AT_SCHEMA_EVERY, measured.look)
    worker.every("old requests", _PRUNE_EVERY, RequestPruning(database).forget_some)

    telemetry.start()
    telemetry.ready = True
    try:
        await worker.run(stop)
    finally:
        telemetry.ready = False
        await mail.close()
        await to_identity.close()
        await to_token_service.close()
        await database.close()
        telemetry.stop()
