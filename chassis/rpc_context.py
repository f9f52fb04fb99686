"""What is known about the RPC that is being served, for the code that serves it."""

import asyncio
from contextvars import ContextVar

from chassis.caller import Caller

_CALLER: ContextVar[Caller] = ContextVar("caller")
_DEADLINE: ContextVar[float | None] = ContextVar("deadline", default=None)


def caller() -> Caller:
    """The verified caller of the RPC that is being served; only there."""
    return _CALLER.get()


def serve_for(verified: Caller) -> None:
    """From here on this task, which serves one RPC, acts for this caller."""
    _CALLER.set(verified)


def end_at(deadline: float | None) -> None:
    """Note until when, in the event loop's time, the RPC that this task serves may take."""
    _DEADLINE.set(deadline)


def seconds_left() -> float | None:
    """How long the RPC that is being served may still take; None where nothing limits it."""
    deadline = _DEADLINE.get()
    return None if deadline is None else max(0.0, deadline - asyncio.get_running_loop().time())
