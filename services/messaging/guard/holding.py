"""Decides while a message is stored whether it is held."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.blind_index import BlindIndex
from chassis.many_rows import Part, Returned
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

    def uses(self, drafts: Iterable[Draft]) -> Sequence[Use]:
        """What of the drafts is counted.

        The subject is not: varying it does not let a text go to many. It is released, though: a text goes on
        only under the subject that a second person saw.
        """
        return [
            Use(each.practice_id, each.id, each.patient_id, self._hashes(each))
            for each in drafts
            if is_guarded(each.purpose)
        ]

    def counting(self, uses: Sequence[Use], now: datetime) -> tuple[Part, Part]:
        """Counts them, under the texts' locks, which an earlier statement has taken."""
        return storage.using(uses, now - self._rules.window, now, self._rules.patients)

    async def held(
        self, tx: AsyncConnection, uses: Sequence[Use], lately: Returned, now: datetime
    ) -> Mapping[UUID, TextHashes]:
        """The hashes, by messages' ids, of those to hold; the first part of `counting` returned `lately`."""
        many = to_many(uses, storage.lately(lately), self._rules)
        since = now - self._rules.window
        return {
            use.message_id: use.hashes
            for use, is_too_many in zip(uses, many, strict=True)
            if is_too_many and not await storage.was_confirmed(tx, use.practice_id, use.hashes, since)
        }

    def _hashes(self, draft: Draft) -> TextHashes:
        text, subject = normalised(draft.body), normalised(draft.subject or "")
        return TextHashes(
            self._index.of(f"{_PURPOSE}/{draft.practice_id}", text),
            self._index.of(f"{_SHOWN}/{draft.practice_id}", f"{subject}\n{text}"),
        )
