"""What follows from settled letters, in the transaction that settles them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import outbox
from chassis.many_rows import carry_out
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


@dataclass(frozen=True, slots=True)
class Conclusion:
    """An attempt that is over, what follows from it, and the span that it is part of."""

    prompt: Prompt
    attempt: Attempt
    decision: Decision
    traceparent: str

    @property
    def letter(self) -> waiting.MessageKey:
        """The letter's key."""
        return self.prompt.practice_id, self.prompt.id

    @property
    def told(self) -> Told:
        """What the others are told of it."""
        attempt = self.attempt
        return Told(*self.letter, self.prompt.attempt, attempt.contact_version, attempt.at)


class Concluding:
    """Settles letters; their messages are reminded of `reminder_after` a prompt that went."""

    def __init__(self, *, reminder_after: timedelta) -> None:
        self._reminder_after = reminder_after

    async def settle_accepted(self, tx: AsyncConnection, accepted: Sequence[Conclusion]) -> list[bool]:
        """Record attempts of letters that the relay took; False where a later attempt has one in hand."""
        settled = await storage.settle_accepted(tx, [(each.prompt, each.attempt) for each in accepted])
        ours = [each for each in accepted if each.letter in settled]
        told = [each for each in ours if each.prompt.kind is not Kind.REMINDER]
        events = [event for each in told for event in each.told.accepted(each.attempt.message_ids)]
        await carry_out(
            tx,
            storage.attempts((each.prompt, each.attempt) for each in ours),
            waiting.leaving_out({each.letter: each.attempt.message_ids for each in ours}),
            waiting.reminding_later({each.letter: self._remind_at(each) for each in told}),
            outbox.recording(tx, events),
        )
        return [each.letter in settled for each in accepted]

    async def settle(self, tx: AsyncConnection, of: Conclusion) -> bool:
        """The same of one letter, whatever came of the attempt."""
        prompt, attempt, decision = of.prompt, of.attempt, of.decision
        if isinstance(decision, Accepted):
            return (await self.settle_accepted(tx, [of]))[0]
        hard = isinstance(decision, Failed) and bounced_hard(attempt)
        if hard:  # addressees are locked before letters
            await addressees.lock(tx, prompt.practice_id, prompt.patient_id)
        if not await storage.settle(tx, prompt, attempt, decision):
            return False
        if not isinstance(decision, TryAgain):
            await self._conclude(tx, of, decision)
        if hard:
            await suspect(
                tx, prompt.practice_id, prompt.patient_id, attempt.contact_version, Reason.BOUNCED, attempt.at
            )
        return True

    async def _conclude(self, tx: AsyncConnection, of: Conclusion, decision: Failed | Dropped) -> None:
        # An attempt that broke off early has not found out which messages the letter was for.
        spoken_for = of.attempt.message_ids or await waiting.needing(tx, of.prompt)
        await carry_out(tx, waiting.leaving_out({of.letter: spoken_for}))
        is_reminder = of.prompt.kind is Kind.REMINDER
        if isinstance(decision, Failed):
            if not is_reminder or decision.failure is _TOLD_OF_REMINDERS:
                await outbox.record_all(tx, of.told.failed(spoken_for, decision.failure))
        elif not is_reminder:
            await carry_out(tx, waiting.reminding_later({of.letter: self._remind_at(of)}))

    def _remind_at(self, of: Conclusion) -> datetime:
        return of.attempt.at + self._reminder_after
