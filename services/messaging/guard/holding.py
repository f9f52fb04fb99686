"""Decides while a message is stored whether it is held."""

from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.blind_index import BlindIndex
from services.messaging.guard import storage
from services.messaging.guard.domain import GuardRules, is_guarded, normalised
from services.messaging.sending.domain import Draft

# The name of the service's key for it, and the purpose of the hash under it.
TEXT_KEY: Final = "guard-text"
_PURPOSE: Final = "text"


class Guard:
    """Counts the patients whom a text reaches; what it keeps of the text is a keyed hash."""

    def __init__(self, key: bytes, rules: GuardRules) -> None:
        self._index = BlindIndex(key)
        self._rules = rules

    async def hash_to_hold(self, tx: AsyncConnection, draft: Draft, now: datetime) -> bytes | None:
        """Count the draft, as its transaction's first statement; the text's hash where it is to be held."""
        if not is_guarded(draft.purpose):
            return None
        text_hash = self._index.of(f"{_PURPOSE}/{draft.practice_id}", normalised(draft.body))
        await storage.lock_text(tx, draft.practice_id, text_hash)
        since = now - self._rules.window
        others = await storage.use_text(tx, draft.practice_id, text_hash, draft.patient_id, since, now)
        if others + 1 < self._rules.patients:
            return None
        confirmed = await storage.was_confirmed(tx, draft.practice_id, text_hash, since)
        return None if confirmed else text_hash
