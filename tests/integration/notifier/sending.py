"""Runs the notifier's worker loops in a test: inbox and sender, on a real database, to a real relay."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from prometheus_client import CollectorRegistry
from sqlalchemy import insert, select

from chassis.database import Database, wake_after_commit
from chassis.events import Event, envelop
from chassis.inbox import Inbox
from chassis.tables import INBOX_CHANNEL
from chassis.worker import Worker
from praxispost.chassis.v1.envelope_pb2 import Envelope
from praxispost.messaging.v1.events_pb2 import MessageSent
from services.notifier.bindings import MESSAGE_SENT, PATIENT_CHANGED, SERVICE
from services.notifier.language import Language
from services.notifier.mail.relay import MailRelay
from services.notifier.mail.settings import SmtpSettings
from services.notifier.prompts.arriving import MessageEvents
from services.notifier.prompts.attempting import Attempts
from services.notifier.prompts.concluding import Concluding
from services.notifier.prompts.contacts import Contact
from services.notifier.prompts.gathering import Gathering
from services.notifier.prompts.metrics import PromptMetrics
from services.notifier.prompts.patients import patient_changed
from services.notifier.prompts.sender import PromptSender
from services.notifier.prompts.storage import PROMPTS_CHANNEL
from services.notifier.tables import chassis_tables, prompt, prompt_attempt
from services.notifier.texts import Texts
from tests.integration.chassis.waiting import eventually

PRACTICE = UUID("11111111-1111-4111-8111-111111111111")
OTHER_PRACTICE = UUID("22222222-2222-4222-8222-222222222222")
WINDOW = timedelta(minutes=2)
REMINDER_AFTER = timedelta(days=3)
CONTACT = Contact("erika@mail.example", 7, Language.GERMAN, "Praxis Müller", "030 123456")


class People:
    """Stands for identity: what is asked of it is in its hand; `of` a practice it always says the same."""

    def __init__(self, *answers: Contact | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[UUID] = []
        self.of: dict[UUID, Contact] = {}

    async def resolve(self, practice_id: UUID, patient_id: UUID) -> Contact:
        """Give the next answer, the last one for ever."""
        self.asked.append(patient_id)
        if practice_id in self.of:
            return self.of[practice_id]
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


@dataclass
class Clock:
    """The real time and what a test added to it."""

    ahead: timedelta = field(default_factory=timedelta)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


def message_sent(
    practice_id: UUID = PRACTICE, message_id: UUID | None = None, patient_id: UUID | None = None
) -> Envelope:
    """The event that a message was sent."""
    data = MessageSent(patient_id=str(patient_id or uuid4()), conversation_id=str(uuid4()))
    event = Event(MESSAGE_SENT, practice_id, message_id or uuid4(), 1, datetime.now(UTC), data)
    return envelop(event, uuid4())


async def deliver(database: Database, *envelopes: Envelope) -> None:
    """Put events into the inbox, as the intake does."""
    rows = [
        {
            "consumer": SERVICE,
            "event_id": UUID(each.event_id),
            "type": each.type,
            "envelope": each.SerializeToString(),
            "tenant_id": UUID(each.tenant_id),
        }
        for each in envelopes
    ]
    async with database.transaction() as tx:
        await tx.execute(insert(chassis_tables.inbox), rows)
        wake_after_commit(tx, INBOX_CHANNEL)


async def wake_sender(database: Database) -> None:
    """Let the sender look for due prompts now."""
    async with database.transaction() as tx:
        wake_after_commit(tx, PROMPTS_CHANNEL)


@contextlib.asynccontextmanager
async def working(
    database: Database,
    url: str,
    people: People,
    port: int,
    *,
    clock: Clock | None = None,
    registry: CollectorRegistry | None = None,
) -> AsyncIterator[None]:
    """A worker that sends to the relay on this port."""
    now, registry = clock or Clock(), registry or CollectorRegistry()
    mail = MailRelay(
        SmtpSettings("127.0.0.1", port, "none"),
        greeting_name="post.example",
        connections=4,
        patience=timedelta(minutes=1),
    )
    attempts = Attempts(
        database, people, mail, Texts("https://post.example"), address="hinweis@post.example", clock=now
    )
    sender = PromptSender(
        database,
        attempts,
        Concluding(reminder_after=REMINDER_AFTER),
        PromptMetrics(registry),
        parallel=4,
        clock=now,
        jitter=lambda: 1.0,
    )
    messages = MessageEvents(Gathering(window=WINDOW, clock=now, new_id=uuid4))
    inbox = Inbox(
        database,
        consumer=SERVICE,
        handlers={**messages.handlers, PATIENT_CHANGED: patient_changed},
        together=messages.together,
        registry=registry,
    )
    worker, stop = Worker(url), asyncio.Event()
    worker.serve("inbox", inbox.run, wake_channel=INBOX_CHANNEL)
    worker.serve("prompts", sender.run, wake_channel=PROMPTS_CHANNEL)
    running = asyncio.create_task(worker.run(stop))
    try:
        yield
    finally:
        stop.set()
        await running
        await mail.close()


async def prompts(database: Database, practice_id: UUID = PRACTICE) -> list[Any]:
    """The practice's prompts, oldest first."""
    async with database.transaction([practice_id]) as tx:
        return list((await tx.execute(select(prompt).order_by(prompt.c.created_at))).all())


async def until_prompts(database: Database, holds: Callable[[list[Any]], bool]) -> list[Any]:
    """Look at the prompts until something holds of them."""

    async def fact() -> bool:
        return holds(await prompts(database))

    await eventually(fact)
    return await prompts(database)


async def attempts(database: Database, practice_id: UUID = PRACTICE) -> list[tuple[int, str, int | None]]:
    """Number, outcome and SMTP code of the practice's attempts."""
    columns = (prompt_attempt.c.number, prompt_attempt.c.outcome, prompt_attempt.c.smtp_code)
    async with database.transaction([practice_id]) as tx:
        rows = (await tx.execute(select(*columns).order_by(prompt_attempt.c.number))).all()
    return [(row.number, row.outcome, row.smtp_code) for row in rows]


async def until_attempts(database: Database, count: int) -> None:
    """Wait until so many attempts are recorded."""

    async def fact() -> bool:
        return len(await attempts(database)) == count

    await eventually(fact)


async def published(database: Database) -> list[Envelope]:
    """The events in the outbox, oldest first."""
    outbox = chassis_tables.outbox
    async with database.transaction() as tx:
        found = (await tx.execute(select(outbox.c.envelope).order_by(outbox.c.id))).scalars()
        return [Envelope.FromString(each) for each in found]
