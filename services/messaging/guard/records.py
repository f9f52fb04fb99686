"""What is on record about a message's sending: its legal basis, and the decision where it was held."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.caller import Caller
from chassis.database import Database
from chassis.keys import Keys
from chassis.paging import Position, split_page
from services.messaging.callers import practice_of
from services.messaging.guard import storage
from services.messaging.guard.domain import HeldMessage
from services.messaging.guard.legal_basis import load_basis
from services.messaging.messages.domain import Direction
from services.messaging.messages.rows import StoredMessage
from services.messaging.messages.sealing import ContentSealer
from services.messaging.reading.auditing import record_listed
from services.messaging.reading.content import ContentReader
from services.messaging.reading.listing import MessagePage


@dataclass(frozen=True, slots=True)
class HoldDecision:
    """What was decided about a message that was held."""

    confirmed: bool
    decided_at: datetime
    decided_by: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class Record:
    """An answer has no legal basis, and what was never held no decision."""

    legal_basis: str
    decision: HoldDecision | None


class Records:
    """Reads them for the practice's side."""

    def __init__(
        self, database: Database, keys: Keys, reader: ContentReader, clock: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._clock = clock
        self._keys = keys
        self._reader = reader

    async def of(self, message: StoredMessage) -> Record:
        """The record of a message that the caller may see."""
        if message.direction is Direction.TO_PRACTICE:
            return Record("", None)
        async with self._database.transaction([message.practice_id]) as tx:
            basis = await load_basis(tx, message.practice_id, message.legal_basis)
            held = await storage.load_held(tx, message.practice_id, message.id)
        return Record(basis, await self._decision(message, held) if held is not None else None)

    async def waiting(self, caller: Caller, after: Position | None, size: int) -> MessagePage:
        """What waits in the practice for a second person, the longest first."""
        practice_id = practice_of(caller)
        async with self._database.transaction([practice_id]) as tx:
            found = await storage.waiting(tx, practice_id, after, size + 1)
            page, last = split_page(found, size)
            whose = ("practice", practice_id)
            await record_listed(tx, caller, practice_id, "held", whose, len(page), self._clock())
        messages: Sequence[StoredMessage] = [message for _, message in page]
        return MessagePage(await self._reader.summaries(messages), last[0] if last is not None else None)

    async def _decision(self, message: StoredMessage, held: HeldMessage) -> HoldDecision | None:
        if held.decided_at is None or held.decided_by is None:
            return None
        reason = ""
        if held.sealed_reason is not None:
            sealer = ContentSealer.of(message, await self._keys.sealer(message.patient_id))
            reason = sealer.open_hold_reason(held.sealed_reason)
        return HoldDecision(held.confirmed is True, held.decided_at, held.decided_by, reason)
