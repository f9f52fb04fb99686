"""Sends the prompts that are due: several at a time, each settled in one transaction with its event."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Final

from chassis import logs, trace_context
from chassis.database import Database
from chassis.gathering import Gathering
from chassis.spans import NO_SPANS, NOTHING, Attribute, Kind, Span, Spans
from chassis.wakeups import Wake, Wakeups, pause
from services.notifier.prompts import storage
from services.notifier.prompts.attempting import Attempts
from services.notifier.prompts.claiming import Claims
from services.notifier.prompts.concluding import Concluding, Conclusion
from services.notifier.prompts.domain import Accepted, Attempt, Decision, Outcome, Prompt, decide
from services.notifier.prompts.metrics import PromptMetrics

# Far longer than identity's deadline and the relay's timeouts together: a lease ends only when its process
# has died. What is left of it serves to record an acceptance while the database is away.
LEASE: Final = timedelta(minutes=3)
_LOOK_EVERY: Final = 2.0
_RECORD_AGAIN_AFTER: Final = 1.0
_MEASURE_EVERY: Final = 5.0
_SETTLED_TOGETHER: Final = 100
_SETTLED_ALONE: Final = 4
_SETTLED_APART: Final = 0.02
_LANES_PER_CLAIM: Final = 4

_LOG = logs.get(__name__)
_AS_IT_SHOULD_BE: Final = frozenset({Outcome.ACCEPTED, Outcome.NOT_NEEDED})


class PromptSender:
    """Claims due prompts, each practice's in turn, and sends them, `parallel` at a time.

    What they ask of database and identity at the same time is done together.

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
        self._claims = Claims()
        self._claimed: asyncio.Queue[Prompt | None] = asyncio.Queue()
        self._idle = 0
        self._one_more = asyncio.Event()
        self._accepted: Gathering[Conclusion, bool] = Gathering(
            self._settle_accepted,
            most=_SETTLED_TOGETHER,
            at_once=1,
            most_waiting=parallel,
            apart=_SETTLED_APART,
        )
        # One by one, since some of them lock patients before letters.
        self._others: Gathering[Conclusion, bool] = Gathering(
            self._settle_others, most=1, at_once=_SETTLED_ALONE, most_waiting=parallel
        )

    async def run(self, stop: asyncio.Event, wakeups: Wakeups) -> None:
        """Send until stopped; for `Worker.serve` with PROMPTS_CHANNEL."""
        self._claimed, self._idle = asyncio.Queue(), 0  # nothing of a run that broke off
        with wakeups.on(storage.PROMPTS_CHANNEL) as wake:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._measure(stop))
                tasks.create_task(self._hand_out(stop, wake))
                for _ in range(self._parallel):
                    tasks.create_task(self._lane())

    async def _hand_out(self, stop: asyncio.Event, wake: Wake) -> None:
        """Claim a letter for each lane that is idle, as long as that is a quarter of them: letters that are
        in hand together cost database and identity little more than one.
        """
        while True:
            await self._until_idle(max(1, self._parallel // _LANES_PER_CLAIM))
            if stop.is_set():
                break
            claimed = await self._claim(self._idle)
            self._idle -= len(claimed)
            for prompt in claimed:
                self._claimed.put_nowait(prompt)
            if not claimed:
                await pause(_LOOK_EVERY, stop, wake)
        for _ in range(self._parallel):
            self._claimed.put_nowait(None)

    async def _until_idle(self, lanes: int) -> None:
        while self._idle < lanes:
            self._one_more.clear()
            await self._one_more.wait()

    async def _lane(self) -> None:
        """Sends one letter after the other."""
        while True:
            self._idle += 1
            self._one_more.set()
            prompt = await self._claimed.get()
            if prompt is None:
                return
            with await self._span(prompt) as span:
                span.note({Attribute.RESULT: (await self._attend(prompt)).value})

    async def _claim(self, most: int) -> list[Prompt]:
        now = self._clock()
        try:
            async with self._database.transaction() as tx:
                return await self._claims.take(tx, now, now + LEASE, most)
        except Exception as error:
            # Whatever it is, raising it would end the lanes that have prompts in hand.
            _LOG.error("prompts cannot be claimed", error=error)
            return []

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
        conclusion = Conclusion(
            prompt, attempt, decide(prompt, attempt, self._jitter()), trace_context.current()
        )
        while not await self._record(conclusion):
            if self._clock() >= lease_end:
                break
            await asyncio.sleep(_RECORD_AGAIN_AFTER)
        return attempt.outcome

    async def _record(self, of: Conclusion) -> bool:
        accepted = isinstance(of.decision, Accepted)
        try:
            settled = await (self._accepted if accepted else self._others).carry_out(of)
        except Exception as error:
            # Whatever it is, the letter may be out, and must not be sent again only because of this.
            _LOG.error("attempt not recorded", error=error, prompt_id=of.prompt.id, attempt=of.prompt.attempt)
            return False
        if settled:
            self._tell(of.prompt, of.attempt, of.decision)
        else:
            _LOG.warning("prompt is in other hands", prompt_id=of.prompt.id, attempt=of.prompt.attempt)
        return True

    async def _settle_accepted(self, accepted: Sequence[Conclusion]) -> list[bool]:
        practices = {each.prompt.practice_id for each in accepted}
        with trace_context.within(accepted[0].traceparent):
            async with self._database.transaction(practices) as tx:
                return await self._concluding.settle_accepted(tx, accepted)

    async def _settle_others(self, others: Sequence[Conclusion]) -> list[bool]:
        [other] = others
        with trace_context.within(other.traceparent):
            async with self._database.transaction([other.prompt.practice_id]) as tx:
                return [await self._concluding.settle(tx, other)]

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
