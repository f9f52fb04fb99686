"""Which trace the work at hand belongs to: W3C's `traceparent` (Trace Context), empty where there is none.

A string of its own, so that logs, the outbox and the intake know it without the SDK that makes spans.
"""

import contextlib
import re
from collections.abc import Iterator
from contextvars import ContextVar

TRACEPARENT = "traceparent"

_WELL_FORMED = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_TRACE_ID = slice(3, 35)
_CURRENT: ContextVar[str] = ContextVar(TRACEPARENT, default="")


def current() -> str:
    """The span at work, as what comes of it shall name it."""
    return _CURRENT.get()


def trace_id() -> str:
    """The id of the trace, 32 hexadecimal digits, or an empty string."""
    return _CURRENT.get()[_TRACE_ID]


def accepted(given: object) -> str:
    """What somebody else sent, or an empty string where it is no `traceparent`."""
    return given if isinstance(given, str) and _WELL_FORMED.fullmatch(given) else ""


@contextlib.contextmanager
def within(traceparent: str) -> Iterator[None]:
    """Let what is done within, also by tasks started within, belong to this span."""
    token = _CURRENT.set(traceparent)
    try:
        yield
    finally:
        _CURRENT.reset(token)
