"""Decides while a message is stored whether it is held."""

from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.blind_index import BlindIndex
from services.messaging.guard import storage
from services.messaging.guard.domain import GuardRules, TextHashes, is_guarded, normalised
from services.messaging.sending.domain import Draft

# The name of the service's key for it, and the purpose of the hash under it.
TEXT_KEY: Final = "guard-text"
_PURPOSE: Final = "text"
_SHOWN: Final = "shown"


class Guard:
    """Counts the patients whom a text reaches; what it keeps of the text is a keyed hash."""

    def __init__(self, key: bytes, rules: GuardRules) -> None:
        self._index = BlindIndex(key)
        self._rules = rules

    async def to_hold(self, tx: AsyncConnection, draft: Draft, now: datetime) -> TextHashes | None:
        """Count the draft, as its transaction's first statement; its hashes where it is to be held.

        The subject is not counted: varying it does not let a text go to many. It is released, though: a text
        goes on only under the subject that a second person saw.
        """
        if not is_guarded(draft.purpose):
            return None
        hashes = self._hashes(draft)
        await storage.lock_text(tx, draft.practice_id, hashes.text)
        since = now - self._rules.window
        others = await storage.use_text(tx, draft.practice_id, hashes.text, draft.patient_id, since, now)
        if others + 1 < self._rules.patients:
            return None
        confirmed = await storage.was_confirmed(tx, draft.practice_id, hashes, since)
        return None if confirmed else hashes

    def _hashes(self, draft: Draft) -> TextHashes:
        text, subject = normalised(draft.body), normalised(draft.subject or "")
        return TextHashes(
            self._index.of(f"{_PURPOSE}/{draft.practice_id}", text),
            self._index.of(f"{_SHOWN}/{draft.practice_id}", f"{subject}\n{text}"),
        )
