"""Sends the prompts that are due: several at a time, each settled in one transaction with its event."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Final

from chassis import logs
from chassis.database import Database
from chassis.spans import NO_SPANS, NOTHING, Attribute, Kind, Span, Spans
from chassis.wakeups import Wake, Wakeups, pause
from services.notifier.prompts import storage
from services.notifier.prompts.attempting import Attempts
from services.notifier.prompts.concluding import Concluding
from services.notifier.prompts.domain import Attempt, Decision, Outcome, Prompt, decide
from services.notifier.prompts.metrics import PromptMetrics

# Far longer than identity's deadline and the relay's timeouts together: a lease ends only when its process
# has died. What is left of it serves to record an acceptance while the database is away.
LEASE: Final = timedelta(minutes=3)
_LOOK_EVERY: Final = 2.0
_RECORD_AGAIN_AFTER: Final = 1.0
_MEASURE_EVERY: Final = 5.0

_LOG = logs.get(__name__)
_AS_IT_SHOULD_BE: Final = frozenset({Outcome.ACCEPTED, Outcome.NOT_NEEDED})


class PromptSender:
    """Claims due prompts and sends them, `parallel` at a time.

    A prompt can go out twice only if its process dies, or the database is away for minutes, between the
    relay's acceptance and the commit (RFC 1047); both copies then have the same Message-ID.
    """

    def __init__(
        self,
        database: Database,
        attempts: Attempts,
        concluding: Concluding,
        metrics: PromptMetrics,
        *,
        parallel: int,
        clock: Callable[[], datetime],
        jitter: Callable[[], float],
        spans: Spans = NO_SPANS,
    ) -> None:
        self._database = database
        self._attempts = attempts
        self._concluding = concluding
        self._metrics = metrics
        self._parallel = parallel
        self._clock = clock
        self._jitter = jitter
        self._spans = spans
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
                with await self._span(prompt) as span:
                    span.note({Attribute.RESULT: (await self._attend(prompt)).value})

    async def _claim(self) -> Prompt | None:
        now = self._clock()
        try:
            async with self._database.transaction() as tx:
                return await storage.claim_due(tx, now, now + LEASE)
        except Exception as error:
            # Whatever it is, raising it would end the lanes that have prompts in hand.
            _LOG.error("prompts cannot be claimed", error=error)
            return None

    async def _span(self, prompt: Prompt) -> AbstractContextManager[Span]:
        """The attempt's span, in the trace of the message that the letter was made for."""
        if not self._spans.on:
            return NOTHING
        try:
            async with self._database.transaction([prompt.practice_id]) as tx:
                parent = await storage.traceparent_of(tx, prompt)
        except Exception as error:
            _LOG.warning("trace of the prompt cannot be read", error=error, prompt_id=prompt.id)
            return NOTHING
        attributes = {Attribute.ATTEMPT: prompt.attempt}
        return self._spans.around("attempt prompt", Kind.INTERNAL, attributes, parent=parent)

    async def _attend(self, prompt: Prompt) -> Outcome:
        lease_end = self._clock() + LEASE
        try:
            attempt = await self._attempts.make(prompt)
        except Exception as error:
            _LOG.error("prompt not sent", error=error, prompt_id=prompt.id, attempt=prompt.attempt)
            attempt = Attempt(Outcome.OWN_FAULT, self._clock())
        decision = decide(prompt, attempt, self._jitter())
        while not await self._record(prompt, attempt, decision):
            if self._clock() >= lease_end:
                break
            await asyncio.sleep(_RECORD_AGAIN_AFTER)
        return attempt.outcome

    async def _record(self, prompt: Prompt, attempt: Attempt, decision: Decision) -> bool:
        try:
            async with self._database.transaction([prompt.practice_id]) as tx:
                if not await self._concluding.settle(tx, prompt, attempt, decision):
                    _LOG.warning("prompt is in other hands", prompt_id=prompt.id, attempt=prompt.attempt)
                    return True
        except Exception as error:
            # Whatever it is, the letter may be out, and must not be sent again only because of this.
            _LOG.error("attempt not recorded", error=error, prompt_id=prompt.id, attempt=prompt.attempt)
            return False
        self._tell(prompt, attempt, decision)
        return True

    def _tell(self, prompt: Prompt, attempt: Attempt, decision: Decision) -> None:
        self._metrics.attempted(prompt, attempt, decision)
        write = _LOG.info if attempt.outcome in _AS_IT_SHOULD_BE else _LOG.warning
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
