"""Gathers what many callers want at the same moment, so that it is done together: one transaction for all.

Each caller gets its own outcome. What comes alone is done at once; while that goes on, others gather, so the
batches are as large as there are callers, and nobody waits long for others.
"""

import asyncio
import contextlib
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Sequence
from contextvars import Context
from typing import Generic, TypeAlias, TypeVar

from chassis import logs
from chassis.refusal import Refusal, Status

_LOG = logs.get(__name__)
_ALONE_AT_ONCE = 4
_PATIENCE = 0.005
_HELD_UP = 0.05

W = TypeVar("W")
R = TypeVar("R")

# What a batch came to, in its order: an error is raised to the caller whose wish it answers.
Outcomes: TypeAlias = Sequence[R | Exception]


class _Waiting(Generic[W, R]):
    """A wish, and the caller who waits for what comes of it."""

    __slots__ = ("outcome", "wish")

    def __init__(self, wish: W) -> None:
        self.wish = wish
        self.outcome: asyncio.Future[R] = asyncio.get_running_loop().create_future()

    def settle(self, outcome: R | Exception) -> None:
        """Nobody is told who went away meanwhile."""
        if self.outcome.done():
            return
        if isinstance(outcome, Exception):
            self.outcome.set_exception(outcome)
        else:
            self.outcome.set_result(outcome)


class Gathering(Generic[W, R]):
    """Carries out wishes in batches of at most `most`, `at_once` of them at the same time.

    `carry_out` does a whole batch or, where it raises, nothing of it: then each wish is carried out alone, so
    that what is wrong with one spoils no other's. That holds too where only the word of success was lost: so
    a wish must know itself again, as requests do by their ids. Places in a batch go round among `lanes`, such
    as practices: who wants much at once waits longer, and not the others.

    One batch after the other, since few large ones cost less than many small ones at the same time. Another
    begins beside it only where a whole one waits already, or where it is held up.

    While many come, a batch waits until half of them are there, for five milliseconds at most: the callers of
    the batch before are about to come again, one by one, and would make small batches of large ones. Where
    callers have time, batches that go one by one (`at_once` is 1) may also begin `apart`, in seconds.
    """

    def __init__(
        self,
        carry_out: Callable[[Sequence[W]], Awaitable[Outcomes[R]]],
        *,
        most: int,
        at_once: int,
        most_waiting: int,
        apart: float = 0.0,
    ) -> None:
        self._carry_out = carry_out
        self._most = most
        self._at_once = at_once
        self._most_waiting = most_waiting
        self._apart = apart
        self._not_before = 0.0
        self._lanes: OrderedDict[Hashable, deque[_Waiting[W, R]]] = OrderedDict()
        self._waiting = 0
        self._under_way = 0
        self._share = 1
        self._shared_until = 0.0
        self._enough = asyncio.Event()
        self._carrying = 0
        self._held_up = 0
        self._carriers: set[asyncio.Task[None]] = set()
        self._alone = asyncio.Semaphore(_ALONE_AT_ONCE)

    async def carry_out(self, wish: W, lane: Hashable = None) -> R:
        """What comes of this wish; refuses with OVERLOADED where too many wait in its lane.

        Who is cancelled before the batch begins is left out of it; afterwards it goes on without them.
        """
        queue = self._lanes.get(lane, ())
        if len(queue) >= self._most_waiting:
            raise Refusal(
                Status.RESOURCE_EXHAUSTED, "OVERLOADED", "too many requests are in progress; try again later"
            )
        waiting: _Waiting[W, R] = _Waiting(wish)
        self._lanes.setdefault(lane, deque()).append(waiting)
        self._waiting += 1
        if self._waiting >= self._share:
            self._enough.set()
        self._begin_where_due()
        return await waiting.outcome

    def _begin_where_due(self) -> None:
        is_due = self._carrying == self._held_up or self._waiting >= self._most
        if self._waiting and is_due and self._carrying < self._at_once:
            self._carrying += 1
            # In a context of its own: what is done for many has no one request's id, caller or deadline.
            carrier = asyncio.create_task(self._carry(), context=Context())
            self._carriers.add(carrier)
            carrier.add_done_callback(self._carriers.discard)

    async def _carry(self) -> None:
        """Until nobody waits; from that moment on, who comes starts another carrier."""
        try:
            while self._waiting:
                await self._gather()
                self._not_before = asyncio.get_running_loop().time() + self._apart
                if batch := self._next():
                    self._under_way += len(batch)
                    self._share = min(self._most, (self._waiting + self._under_way) // 2)
                    async with self._not_held_up():
                        await self._together(batch)
                    self._under_way -= len(batch)
                    self._shared_until = asyncio.get_running_loop().time() + _PATIENCE
        finally:
            self._carrying -= 1

    @contextlib.asynccontextmanager
    async def _not_held_up(self) -> AsyncIterator[None]:
        """Where the block takes long, others need not wait for its end."""
        is_late = False

        def note() -> None:
            nonlocal is_late
            is_late = True
            self._held_up += 1
            self._begin_where_due()

        timer = asyncio.get_running_loop().call_later(_HELD_UP, note)
        try:
            yield
        finally:
            timer.cancel()
            self._held_up -= is_late

    async def _gather(self) -> None:
        """Wait for the rest of the share; what comes alone, or after a while without any, has it at once."""
        if (early := self._not_before - asyncio.get_running_loop().time()) > 0:
            await asyncio.sleep(early)
        if self._waiting >= self._share or not (
            self._under_way or asyncio.get_running_loop().time() < self._shared_until
        ):
            return
        self._enough.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                await self._enough.wait()

    def _next(self) -> list[_Waiting[W, R]]:
        """One of each lane in turn; a lane that was served goes to the end."""
        batch: list[_Waiting[W, R]] = []
        while self._lanes and len(batch) < self._most:
            lane, queue = self._lanes.popitem(last=False)
            waiting = queue.popleft()
            self._waiting -= 1
            if queue:
                self._lanes[lane] = queue
            if not waiting.outcome.done():
                batch.append(waiting)
        return batch

    async def _together(self, batch: Sequence[_Waiting[W, R]]) -> None:
        try:
            outcomes = await self._carry_out([each.wish for each in batch])
            settled = list(zip(batch, outcomes, strict=True))
        except Exception as error:
            if len(batch) == 1:
                batch[0].settle(error)
                return
            _LOG.warning("batch failed, each is carried out alone", error=error, count=len(batch))
            await asyncio.gather(*(self._by_itself(each) for each in batch))
            return
        for waiting, outcome in settled:
            waiting.settle(outcome)

    async def _by_itself(self, waiting: _Waiting[W, R]) -> None:
        async with self._alone:
            if not waiting.outcome.done():
                await self._together([waiting])
