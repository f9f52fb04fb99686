"""The spans of RPCs, of the server's and the client's side."""

from contextlib import AbstractContextManager

import grpc

from chassis import trace_context
from chassis.spans import Attribute, Attributes, Kind, Span, Spans

# Refusals are answers; these are what somebody has to look into.
_FAILURES = frozenset(
    {
        grpc.StatusCode.UNKNOWN,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.UNIMPLEMENTED,
        grpc.StatusCode.INTERNAL,
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DATA_LOSS,
    }
)


def serving(spans: Spans, full_name: str, parent: str) -> AbstractContextManager[Span]:
    """The span of an RPC that is served, under the caller's one."""
    method = full_name.removeprefix("/")
    return spans.around(method, Kind.SERVER, _what(method), parent=parent)


def calling(spans: Spans, full_name: str) -> Span:
    """The span of an RPC that the work at hand makes."""
    method = full_name.removeprefix("/")
    return spans.start(method, Kind.CLIENT, _what(method), parent=trace_context.current())


def note_end(span: Span, code: grpc.StatusCode) -> None:
    """How the RPC ended."""
    span.note({Attribute.RPC_CODE: code.name})
    if code in _FAILURES:
        span.fail()


def _what(method: str) -> Attributes:
    return {Attribute.RPC_SYSTEM: "grpc", Attribute.RPC_METHOD: method}
