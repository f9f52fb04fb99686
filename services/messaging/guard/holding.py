"""Decides while a message is stored whether it is held."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.blind_index import BlindIndex
from services.messaging.guard import storage
from services.messaging.guard.domain import GuardRules, TextHashes, Use, is_guarded, normalised, to_many
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

    async def to_hold(
        self, tx: AsyncConnection, drafts: Sequence[Draft], now: datetime
    ) -> Mapping[UUID, TextHashes]:
        """Count the drafts, one after the other, as their transaction's first statement; the hashes, by their
        ids, of those that are to be held.

        The subject is not counted: varying it does not let a text go to many. It is released, though: a text
        goes on only under the subject that a second person saw.
        """
        guarded = [(each, self._hashes(each)) for each in drafts if is_guarded(each.purpose)]
        uses = [Use(draft.practice_id, hashes.text, draft.patient_id) for draft, hashes in guarded]
        since = now - self._rules.window
        await storage.lock_texts(tx, uses)
        lately = await storage.use_texts(tx, uses, since, now, self._rules.patients)
        held: dict[UUID, TextHashes] = {}
        for (draft, hashes), many in zip(guarded, to_many(uses, lately, self._rules), strict=True):
            if many and not await storage.was_confirmed(tx, draft.practice_id, hashes, since):
                held[draft.id] = hashes
        return held

    def _hashes(self, draft: Draft) -> TextHashes:
        text, subject = normalised(draft.body), normalised(draft.subject or "")
        return TextHashes(
            self._index.of(f"{_PURPOSE}/{draft.practice_id}", text),
            self._index.of(f"{_SHOWN}/{draft.practice_id}", f"{subject}\n{text}"),
        )
