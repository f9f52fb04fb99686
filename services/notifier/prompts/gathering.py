"""Finds the letters that speak for messages: such that wait, or new ones in the patients' windows."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import wake_after_commit
from services.notifier.prompts import addressees, storage, waiting
from services.notifier.prompts.addressees import PatientKey
from services.notifier.prompts.domain import Kind, Prompt
from services.notifier.prompts.standing import Standing
from services.notifier.prompts.window import next_slot

REFERENCE_BYTES: Final = 16
# A letter that has been tried for longer may expire soon, and a new message has its own 72 hours.
_JOINABLE_FOR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A message that its patient is to be told of; `at` is when that was decided.

    `once`: not if there is a letter that was made for it, in whatever state.
    """

    practice_id: UUID
    message_id: UUID
    patient_id: UUID
    at: datetime
    kind: Kind
    once: bool = False

    @property
    def patient(self) -> PatientKey:
        """The patient's key."""
        return self.practice_id, self.patient_id

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

    async def prompt(self, tx: AsyncConnection, wanted: Sequence[Wanted]) -> None:
        """Let letters speak for the messages, which are noted, and wake the sender after the transaction."""
        waiting_turn = list(wanted)
        while waiting_turn:
            first: dict[PatientKey, Wanted] = {}
            later = [each for each in waiting_turn if first.setdefault(each.patient, each) is not each]
            await self._prompt(tx, first)
            waiting_turn = later

    async def _prompt(self, tx: AsyncConnection, wanted: Mapping[PatientKey, Wanted]) -> None:
        """One message of each patient."""
        now = self._clock()
        standings = await addressees.lock_all(tx, list(wanted))
        told = await waiting.having_letter(tx, [each.message for each in wanted.values() if each.once])
        open_messages = {key: each for key, each in wanted.items() if each.message not in told}
        messages = {key: each.message for key, each in open_messages.items()}
        joined = await waiting.joinable_letters(tx, messages, now - _JOINABLE_FOR)
        letters: list[storage.NewLetter] = []
        windows: dict[UUID, tuple[PatientKey, datetime]] = {}
        for key, each in open_messages.items():
            if key not in joined:
                new, window_ends_at = self._letter(each, standings[key], now)
                letters.append(new)
                windows[new.letter.id] = (key, window_ends_at)
        added = await storage.add_letters(tx, letters)
        speaking = {**joined} | {windows[letter_id][0]: letter_id for letter_id in added}
        await storage.add_messages(tx, [_spoken_for(wanted[key], speaking[key]) for key in speaking])
        await addressees.open_windows(tx, dict(windows[letter_id] for letter_id in added))
        if added:
            wake_after_commit(tx, storage.PROMPTS_CHANNEL)

    def _letter(
        self, wanted: Wanted, standing: Standing, now: datetime
    ) -> tuple[storage.NewLetter, datetime]:
        """A letter in the patient's window, and when the window that it opens ends."""
        slot = next_slot(now, standing.window_ends_at, self._window)
        kind = Kind.GATHERED if slot.gathered else wanted.kind
        made_for = wanted.message_id if wanted.kind is Kind.FIRST else None
        letter = new_letter(wanted, self._new_id(), now, kind)
        return storage.NewLetter(letter, slot.due_at, made_for), slot.window_ends_at


def _spoken_for(wanted: Wanted, letter_id: UUID) -> storage.SpokenFor:
    return storage.SpokenFor(wanted.practice_id, letter_id, wanted.message_id, wanted.at)
