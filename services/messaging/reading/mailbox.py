"""The mailbox of an account over all its practices: what it shows has been received."""

import dataclasses
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from chassis import outbox
from chassis.caller import Caller
from chassis.database import Database
from chassis.events import Event
from chassis.paging import Position, split_page
from praxispost.messaging.v1.events_pb2 import MessageShown
from services.messaging.callers import patients_of
from services.messaging.changes import storage as changes
from services.messaging.messages.domain import Direction
from services.messaging.messages.rows import StoredMessage
from services.messaging.metrics import Metrics
from services.messaging.reading import storage
from services.messaging.reading.content import ContentReader
from services.messaging.reading.listing import MessagePage
from services.messaging.receipts.domain import Evidence
from services.messaging.receipts.facts import Fact, FactKind, fact_id
from services.messaging.receipts.recording import Derived, changes_of, record_facts
from services.messaging.receipts.storage import NewFact

# A message is sent, and then shown for the first time.
_SHOWN_VERSION: Final = 2


class Mailbox:
    """Lists for the patient's side."""

    def __init__(
        self, database: Database, reader: ContentReader, metrics: Metrics, clock: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._reader = reader
        self._metrics = metrics
        self._clock = clock

    async def page(self, caller: Caller, after: Position | None, size: int) -> MessagePage:
        """Messages of all practices and patients that the account is bound to, newest first, now shown.

        A subject that cannot be opened undoes the receipts: nothing was shown.
        """
        async with self._database.transaction(caller.tenants) as tx:
            found = await storage.mailbox(tx, patients_of(caller), after, size + 1)
            page, last = split_page(found, size)
            now = self._clock()
            derived = await record_facts(tx, [_shown(each, now) for each in page if _is_new(each)])
            summaries = await self._reader.summaries(_after_showing(page, derived))
            shown = [each.message for each in derived if _first_shown(each)]
            await outbox.record_all(tx, [_event(each, now) for each in shown])
            await changes.record(tx, changes_of(derived, now))
        self._metrics.derived(derived)
        return MessagePage(summaries, storage.position_of(last) if last is not None else None)


def _is_new(message: StoredMessage) -> bool:
    """What was opened needs no weaker evidence; of what was withdrawn there is nothing to receive."""
    receipt = message.receipt
    return (
        message.direction is Direction.TO_PATIENT
        and message.withdrawn_at is None
        and receipt.evidence is not Evidence.SHOWN_IN_MAILBOX
        and receipt.read_at is None
    )


def _first_shown(derived: Derived) -> bool:
    shown = Evidence.SHOWN_IN_MAILBOX
    return derived.receipt.evidence is shown and derived.message.receipt.evidence is not shown


def _event(message: StoredMessage, now: datetime) -> Event:
    return Event(
        type="messaging.message_shown",
        tenant_id=message.practice_id,
        aggregate_id=message.id,
        aggregate_version=_SHOWN_VERSION,
        occurred_at=now,
        data=MessageShown(patient_id=str(message.patient_id), conversation_id=str(message.conversation_id)),
    )


def _shown(message: StoredMessage, now: datetime) -> NewFact:
    return NewFact(
        message.practice_id, message.id, Fact(fact_id(message.id, FactKind.SHOWN), FactKind.SHOWN, now)
    )


def _after_showing(page: Sequence[StoredMessage], derived: Sequence[Derived]) -> list[StoredMessage]:
    receipts = {(each.message.practice_id, each.message.id): each.receipt for each in derived}
    return [
        dataclasses.replace(each, receipt=receipts.get((each.practice_id, each.id), each.receipt))
        for each in page
    ]
