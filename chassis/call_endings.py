"""When a call ends that does not end by itself: deadlines, tokens that run out under streams, and drains."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from chassis.caller import Caller
from chassis.refusal import Refusal, Status
from chassis.rpc_context import end_at
from chassis.statements import SKEW

R = TypeVar("R")
_LOOK_SECONDS = 0.05


@dataclass(slots=True)
class _Bounded:
    """A call with a deadline, in the event loop's time."""

    deadline: float
    is_over: bool = False


class CallEndings:
    """Ends every call in time: bounded ones at their deadline, others with their token or the server."""

    def __init__(self) -> None:
        self._draining = False
        self._long_lived: set[asyncio.Timeout] = set()
        self._bounded: dict[asyncio.Task[object], _Bounded] = {}
        self._looking = False

    async def bounded(self, seconds: float, work: Callable[[], Awaitable[R]]) -> R:
        """Do the work within so many seconds, or a moment longer; refuses with DEADLINE_PASSED.

        One look at all calls every 50 ms instead of a timer for each, which nearly all would cancel unused.
        """
        loop = asyncio.get_running_loop()
        task = asyncio.current_task(loop)
        assert task is not None
        call = _Bounded(loop.time() + seconds)
        end_at(call.deadline)
        if seconds <= 0:
            raise _deadline_passed()
        cancelling = task.cancelling()
        self._bounded[task] = call
        if not self._looking:
            self._looking = True
            loop.call_later(_LOOK_SECONDS, self._look, loop)
        try:
            return await work()
        except asyncio.CancelledError as error:
            if call.is_over and task.cancelling() - 1 <= cancelling:
                raise _deadline_passed() from error
            raise
        finally:
            del self._bounded[task]
            if call.is_over:
                task.uncancel()

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        for task, call in self._bounded.items():
            if call.deadline <= now and not call.is_over:
                call.is_over = True
                task.cancel()
        self._looking = bool(self._bounded)
        if self._looking:
            loop.call_later(_LOOK_SECONDS, self._look, loop)

    async def long_lived(self, caller: Caller, work: Callable[[], Awaitable[R]]) -> R:
        """Do the work until the caller's token ends (TOKEN_REFUSED) or the server does (SHUTTING_DOWN)."""
        if self._draining:
            raise _shutting_down()
        limit = asyncio.timeout((caller.expires_at - datetime.now(UTC) + SKEW).total_seconds())
        try:
            async with limit:
                self._long_lived.add(limit)
                return await work()
        except TimeoutError as error:
            if limit.expired():
                raise self._why_ended() from error
            raise
        finally:
            self._long_lived.discard(limit)

    def drain(self) -> None:
        """End the long-lived calls now, and accept no more of them."""
        self._draining = True
        now = asyncio.get_running_loop().time()
        for limit in self._long_lived:
            if not limit.expired():
                limit.reschedule(now)

    def _why_ended(self) -> Refusal:
        return _shutting_down() if self._draining else _token_ended()


def _deadline_passed() -> Refusal:
    return Refusal(Status.DEADLINE_EXCEEDED, "DEADLINE_PASSED", "the call took too long")


def _shutting_down() -> Refusal:
    return Refusal(Status.UNAVAILABLE, "SHUTTING_DOWN", "the server ends; connect again")


def _token_ended() -> Refusal:
    return Refusal(Status.UNAUTHENTICATED, "TOKEN_REFUSED", "the token has ended; begin again with a new one")
