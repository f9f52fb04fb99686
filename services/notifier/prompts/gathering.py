"""Finds the letter that speaks for a message: one that waits, or a new one in the patient's window."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import wake_after_commit
from services.notifier.prompts import addressees, storage, waiting
from services.notifier.prompts.domain import Kind, Prompt
from services.notifier.prompts.window import next_slot

REFERENCE_BYTES: Final = 16
# A letter that has been tried for longer may expire soon, and a new message has its own 72 hours.
_JOINABLE_FOR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A message that its patient is to be told of; `at` is when that was decided."""

    practice_id: UUID
    message_id: UUID
    patient_id: UUID
    at: datetime
    kind: Kind

    @property
    def message(self) -> tuple[UUID, UUID]:
        """The message's key."""
        return self.practice_id, self.message_id


def new_letter(wanted: Wanted, letter_id: UUID, now: datetime, kind: Kind) -> Prompt:
    """A letter that was not tried yet, with a link of its own."""
    return Prompt(
        practice_id=wanted.practice_id,
        id=letter_id,
        patient_id=wanted.patient_id,
        reference=secrets.token_urlsafe(REFERENCE_BYTES),
        kind=kind,
        sent_at=wanted.at,
        created_at=now,
        attempt=0,
    )


class Gathering:
    """The first message's prompt goes at once, what comes within the window gets one more at its end."""

    def __init__(
        self, *, window: timedelta, clock: Callable[[], datetime], new_id: Callable[[], UUID]
    ) -> None:
        self._window = window
        self._clock = clock
        self._new_id = new_id

    async def prompt(self, tx: AsyncConnection, wanted: Wanted) -> None:
        """Let a letter speak for the message, which is noted, and wake the sender after the transaction."""
        now = self._clock()
        standing = await addressees.lock(tx, wanted.practice_id, wanted.patient_id)
        waits = await waiting.joinable_letter(tx, wanted.message, wanted.patient_id, now - _JOINABLE_FOR)
        if waits is not None:
            await storage.add_message(tx, wanted.practice_id, waits, wanted.message_id, wanted.at)
            return
        slot = next_slot(now, standing.window_ends_at, self._window)
        kind = Kind.GATHERED if slot.gathered else wanted.kind
        letter = new_letter(wanted, self._new_id(), now, kind)
        made_for = wanted.message_id if wanted.kind is Kind.FIRST else None
        if await storage.add_letter(tx, letter, slot.due_at, made_for=made_for):
            await storage.add_message(tx, wanted.practice_id, letter.id, wanted.message_id, wanted.at)
            changed = replace(standing, window_ends_at=slot.window_ends_at)
            await addressees.write(tx, wanted.practice_id, wanted.patient_id, changed)
            wake_after_commit(tx, storage.PROMPTS_CHANNEL)
