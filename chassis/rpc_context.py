"""What is known about the RPC that is being served, for the code that serves it."""

import asyncio
from collections.abc import Mapping
from contextvars import ContextVar

from chassis.caller import Caller

_METADATA: ContextVar[Mapping[str, str]] = ContextVar("metadata")
_CALLER: ContextVar[Caller] = ContextVar("caller")
_DEADLINE: ContextVar[float | None] = ContextVar("deadline", default=None)


def caller() -> Caller:
    """The verified caller of the RPC that is being served; only there."""
    return _CALLER.get()


def serve_for(verified: Caller) -> None:
    """From here on this task, which serves one RPC, acts for this caller."""
    _CALLER.set(verified)


def arrived_with(metadata: Mapping[str, str]) -> None:
    """Note the texts that came with the RPC which this task serves."""
    _METADATA.set(metadata)


def arrived() -> Mapping[str, str]:
    """What `arrived_with` noted: reading it from gRPC a second time takes as long as finding the caller."""
    return _METADATA.get()


def end_at(deadline: float | None) -> None:
    """Note until when, in the event loop's time, the RPC that this task serves may take."""
    _DEADLINE.set(deadline)


def seconds_left() -> float | None:
    """How long the RPC that is being served may still take; None where nothing limits it.

    Work that goes on after the deadline is not the RPC's, which was cancelled then, but a task's that it
    started and that lives on: the deadline does not bind that.
    """
    deadline = _DEADLINE.get()
    left = 0.0 if deadline is None else deadline - asyncio.get_running_loop().time()
    return left if left > 0 else None
