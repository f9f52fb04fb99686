"""The spans of a process' traces: nothing is made, and nothing imported for it, unless a collector is named.

A span knows kinds and codes. What may be said of it is listed here; ids, and the texts of errors, are not.
"""

import contextlib
from collections.abc import Mapping
from contextlib import AbstractContextManager
from enum import Enum
from typing import TypeAlias

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")


class Kind(Enum):
    """What a span is to its neighbours; the names are OpenTelemetry's."""

    SERVER = "SERVER"
    CLIENT = "CLIENT"
    PRODUCER = "PRODUCER"
    CONSUMER = "CONSUMER"
    INTERNAL = "INTERNAL"


class Attribute(Enum):
    """All that may be said of a span, under the names of OpenTelemetry's conventions where there is one."""

    RPC_SYSTEM = "rpc.system.name"
    RPC_METHOD = "rpc.method"
    RPC_CODE = "rpc.response.status_code"
    EVENT_TYPE = "praxispost.event.type"
    RESULT = "praxispost.result"
    ATTEMPT = "praxispost.attempt"
    HTTP_METHOD = "http.request.method"
    HTTP_ROUTE = "http.route"
    HTTP_STATUS = "http.response.status_code"


Attributes: TypeAlias = Mapping[Attribute, str | int]


class Span:
    """One span; this one is none. Every method may be called from any thread."""

    traceparent = ""

    def rename(self, name: str) -> None:
        """Call it by what is known only later."""

    def note(self, attributes: Attributes) -> None:
        """Say more of it; a value that is no short plain word is left out."""

    def fail(self) -> None:
        """Mark what it stands for as failed."""

    def end(self) -> None:
        """It is over now."""


class Spans:
    """Makes a process' spans; these make none."""

    on = False

    def start(self, name: str, kind: Kind, attributes: Attributes, *, parent: str) -> Span:
        """Begin a span under this `traceparent`; without one it begins a trace. The caller ends it."""
        return NO_SPAN

    def around(
        self, name: str, kind: Kind, attributes: Attributes, *, parent: str
    ) -> AbstractContextManager[Span]:
        """A span for what is done within, which belongs to it; whether an exception is a failure, the caller
        says."""
        return NOTHING

    def close(self) -> None:
        """Send what is left, in two seconds at most."""


NO_SPAN = Span()
NOTHING: AbstractContextManager[Span] = contextlib.nullcontext(NO_SPAN)
NO_SPANS = Spans()


def spans_of(service: str, kind: str, environ: Mapping[str, str]) -> Spans:
    """The spans of this process, as OpenTelemetry's variables in its environment want them."""
    if not any(environ.get(name) for name in _ENDPOINTS):
        return NO_SPANS
    from chassis.exported_spans import ExportedSpans

    return ExportedSpans(service, kind)
