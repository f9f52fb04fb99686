"""What follows from a settled letter, in the transaction that settles it."""

from datetime import timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import outbox
from services.notifier.prompts import addressees, storage, waiting
from services.notifier.prompts.domain import (
    Accepted,
    Attempt,
    Decision,
    Dropped,
    Failed,
    Failure,
    Kind,
    Prompt,
    TryAgain,
    bounced_hard,
)
from services.notifier.prompts.events import Told
from services.notifier.prompts.standing import Reason
from services.notifier.prompts.suspecting import suspect

# A reminder tells of its message's arrival only what the prompt before it could not know.
_TOLD_OF_REMINDERS: Final = Failure.ADDRESS_REFUSED


class Concluding:
    """Settles letters; their messages are reminded of `reminder_after` a prompt that went."""

    def __init__(self, *, reminder_after: timedelta) -> None:
        self._reminder_after = reminder_after

    async def settle(self, tx: AsyncConnection, prompt: Prompt, attempt: Attempt, decision: Decision) -> bool:
        """Record an attempt and what follows; False where a later attempt has the letter in hand."""
        hard = isinstance(decision, Failed) and bounced_hard(attempt)
        if hard:  # addressees are locked before letters
            await addressees.lock(tx, prompt.practice_id, prompt.patient_id)
        if not await storage.settle(tx, prompt, attempt, decision):
            return False
        if not isinstance(decision, TryAgain):
            await self._conclude(tx, prompt, attempt, decision)
        if hard:
            await suspect(
                tx, prompt.practice_id, prompt.patient_id, attempt.contact_version, Reason.BOUNCED, attempt.at
            )
        return True

    async def _conclude(
        self, tx: AsyncConnection, prompt: Prompt, attempt: Attempt, decision: Accepted | Failed | Dropped
    ) -> None:
        practice_id = prompt.practice_id
        # An attempt that broke off early has not found out which messages the letter was for.
        spoken_for = attempt.message_ids or await waiting.needing(tx, practice_id, prompt.id, prompt.kind)
        await waiting.leave_out(tx, practice_id, prompt.id, spoken_for)
        told = Told(practice_id, prompt.id, prompt.attempt, attempt.contact_version, attempt.at)
        is_reminder = prompt.kind is Kind.REMINDER
        if isinstance(decision, Failed):
            if not is_reminder or decision.failure is _TOLD_OF_REMINDERS:
                await outbox.record_all(tx, told.failed(spoken_for, decision.failure))
        elif not is_reminder:
            if isinstance(decision, Accepted):
                await outbox.record_all(tx, told.accepted(spoken_for))
            await waiting.remind_later(tx, practice_id, prompt.id, attempt.at + self._reminder_after)
