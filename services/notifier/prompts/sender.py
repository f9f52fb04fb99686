"""Sends the prompts that are due: several at a time, each settled in one transaction with its event."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, Protocol

from chassis import logs, outbox
from chassis.database import Database
from chassis.wakeups import Wake, Wakeups, pause
from services.notifier.handover import Handover, Verdict
from services.notifier.mail.composing import Envelope, Sender, UnusableAddress, compose
from services.notifier.prompts import storage
from services.notifier.prompts.contacts import Contact, ContactMissing, Contacts, ContactsUnavailable
from services.notifier.prompts.domain import Attempt, Decision, Outcome, Prompt, TryAgain, decide
from services.notifier.prompts.events import event_of
from services.notifier.prompts.metrics import PromptMetrics
from services.notifier.texts import Texts

# Far longer than identity's deadline and the relay's timeouts together: a lease ends only when its process
# has died. What is left of it serves to record an acceptance while the database is away.
LEASE: Final = timedelta(minutes=3)
_LOOK_EVERY: Final = 2.0
_RECORD_AGAIN_AFTER: Final = 1.0
_MEASURE_EVERY: Final = 5.0

_LOG = logs.get(__name__)
_OUTCOMES: Final = {
    Verdict.ACCEPTED: Outcome.ACCEPTED,
    Verdict.RECIPIENT_REFUSED: Outcome.ADDRESS_REFUSED,
    Verdict.DEFERRED: Outcome.DEFERRED,
    Verdict.CHANNEL_UNAVAILABLE: Outcome.RELAY_UNAVAILABLE,
    Verdict.OWN_FAULT: Outcome.OWN_FAULT,
}


class Relay(Protocol):
    """The mail relay, as the sender of prompts needs it."""

    async def hand_over(self, envelope: Envelope) -> Handover:
        """Hand one letter over; failures are verdicts, never exceptions."""


class PromptSender:
    """Claims due prompts and sends them, `parallel` at a time.

    A prompt can go out twice only if its process dies, or the database is away for minutes, between the
    relay's acceptance and the commit (RFC 1047); both copies then have the same Message-ID.
    """

    def __init__(
        self,
        database: Database,
        contacts: Contacts,
        relay: Relay,
        texts: Texts,
        metrics: PromptMetrics,
        *,
        address: str,
        parallel: int,
        clock: Callable[[], datetime],
        jitter: Callable[[], float],
    ) -> None:
        self._database = database
        self._contacts = contacts
        self._relay = relay
        self._texts = texts
        self._metrics = metrics
        self._address = address
        self._parallel = parallel
        self._clock = clock
        self._jitter = jitter
        self._claiming = asyncio.Lock()

    async def run(self, stop: asyncio.Event, wakeups: Wakeups) -> None:
        """Send until stopped; for `Worker.serve` with PROMPTS_CHANNEL."""
        with wakeups.on(storage.PROMPTS_CHANNEL) as wake:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._measure(stop))
                for _ in range(self._parallel):
                    tasks.create_task(self._lane(stop, wake))

    async def _lane(self, stop: asyncio.Event, wake: Wake) -> None:
        """One lane at a time looks for a prompt or waits for one; the others send theirs or queue up."""
        while not stop.is_set():
            async with self._claiming:
                prompt = None if stop.is_set() else await self._claim()
                if prompt is None:
                    await pause(_LOOK_EVERY, stop, wake)
            if prompt is not None:
                await self._attend(prompt)

    async def _claim(self) -> Prompt | None:
        now = self._clock()
        try:
            async with self._database.transaction() as tx:
                return await storage.claim_due(tx, now, now + LEASE)
        except Exception as error:
            # Whatever it is, raising it would end the lanes that have prompts in hand.
            _LOG.error("prompts cannot be claimed", error=error)
            return None

    async def _attend(self, prompt: Prompt) -> None:
        lease_end = self._clock() + LEASE
        try:
            attempt = await self._attempt(prompt)
        except Exception as error:
            _LOG.error("prompt not sent", error=error, prompt_id=prompt.id, attempt=prompt.attempt)
            attempt = Attempt(Outcome.OWN_FAULT, self._clock())
        decision = decide(prompt, attempt, self._jitter())
        while not await self._record(prompt, attempt, decision):
            if self._clock() >= lease_end:
                break
            await asyncio.sleep(_RECORD_AGAIN_AFTER)

    async def _attempt(self, prompt: Prompt) -> Attempt:
        try:
            contact = await self._contacts.resolve(prompt.practice_id, prompt.patient_id)
        except ContactMissing:
            return Attempt(Outcome.CONTACT_MISSING, self._clock())
        except ContactsUnavailable:
            return Attempt(Outcome.IDENTITY_UNAVAILABLE, self._clock())
        try:
            envelope = self._compose(prompt, contact)
        except UnusableAddress:
            return Attempt(Outcome.ADDRESS_REFUSED, self._clock(), contact.version)
        except Exception as error:
            _LOG.error("prompt cannot be rendered", error=error, prompt_id=prompt.id, attempt=prompt.attempt)
            return Attempt(Outcome.UNRENDERABLE, self._clock(), contact.version)
        handover = await self._relay.hand_over(envelope)
        return Attempt(_OUTCOMES[handover.verdict], self._clock(), contact.version, handover.code)

    def _compose(self, prompt: Prompt, contact: Contact) -> Envelope:
        content = self._texts.prompt(
            contact.language, practice=contact.practice, phone=contact.phone, reference=prompt.reference
        )
        return compose(
            prompt.id, Sender(contact.practice, self._address), contact.email, content, self._clock()
        )

    async def _record(self, prompt: Prompt, attempt: Attempt, decision: Decision) -> bool:
        try:
            async with self._database.transaction([prompt.practice_id]) as tx:
                if not await storage.settle(tx, prompt, attempt, decision):
                    _LOG.warning("prompt is in other hands", prompt_id=prompt.id, attempt=prompt.attempt)
                    return True
                if not isinstance(decision, TryAgain):
                    await outbox.record(tx, event_of(prompt, attempt, decision))
        except Exception as error:
            # Whatever it is, the letter may be out, and must not be sent again only because of this.
            _LOG.error("attempt not recorded", error=error, prompt_id=prompt.id, attempt=prompt.attempt)
            return False
        self._tell(prompt, attempt, decision)
        return True

    def _tell(self, prompt: Prompt, attempt: Attempt, decision: Decision) -> None:
        self._metrics.attempted(prompt, attempt, decision)
        write = _LOG.info if attempt.outcome is Outcome.ACCEPTED else _LOG.warning
        state = type(decision).__name__
        result, code = attempt.outcome, attempt.smtp_code
        write(
            "prompt attempted",
            prompt_id=prompt.id,
            attempt=prompt.attempt,
            result=result,
            state=state,
            code=code,
        )

    async def _measure(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            now = self._clock()
            try:
                async with self._database.transaction() as tx:
                    oldest_due_at, last_accepted_at = await storage.figures(tx, now)
                self._metrics.measured(now, oldest_due_at, last_accepted_at)
            except Exception as error:
                _LOG.warning("prompts cannot be measured", error=error)
            await pause(_MEASURE_EVERY, stop)
