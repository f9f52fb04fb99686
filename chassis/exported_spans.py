"""Spans that are sent to a collector, by OTLP over gRPC."""

import contextlib
import re
import threading
from collections.abc import Iterator, Mapping

from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)
from opentelemetry.trace import Span as SdkSpan
from typing_extensions import override

from chassis import trace_context
from chassis.spans import Attributes, Kind, Span, Spans
from chassis.version import VERSION

_SHORT_WORD = re.compile(r"[A-Za-z0-9_./:{}\- ]{1,120}", re.ASCII)
_CLOSING_SECONDS = 2.0


class ExportedSpan(Span):
    """A span of the SDK's, of which only what is allowed can be said."""

    def __init__(self, span: SdkSpan) -> None:
        self._span = span
        context = span.get_span_context()
        self.traceparent = f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"

    @override
    def rename(self, name: str) -> None:
        self._span.update_name(_word(name) or "other")

    @override
    def note(self, attributes: Attributes) -> None:
        self._span.set_attributes(_allowed(attributes))

    @override
    def fail(self) -> None:
        self._span.set_status(Status(StatusCode.ERROR))

    @override
    def end(self) -> None:
        self._span.end()


class ExportedSpans(Spans):
    """Hands spans to a thread that sends them in batches; nobody waits for it.

    Endpoint, headers, certificate, sampler, and the size of queue and batch are read from OpenTelemetry's
    variables by its SDK. What does not fit into the queue is dropped. `exporter` is the tests' to give.
    """

    on = True

    def __init__(self, service: str, kind: str, exporter: SpanExporter | None = None) -> None:
        resource = Resource.create(
            {
                "service.namespace": "praxispost",
                "service.name": f"{service}-{kind}",
                "service.version": VERSION,
            }
        )
        self._exporter = exporter or OTLPSpanExporter()
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(self._exporter))
        self._tracer = self._provider.get_tracer("praxispost", VERSION)

    @override
    def start(self, name: str, kind: Kind, attributes: Attributes, *, parent: str) -> Span:
        return ExportedSpan(
            self._tracer.start_span(
                _word(name) or "other",
                # Without a parent of ours the SDK would look for one of its own.
                context=set_span_in_context(_remote(parent)),
                kind=SpanKind[kind.value],
                attributes=_allowed(attributes),
            )
        )

    @override
    @contextlib.contextmanager
    def around(self, name: str, kind: Kind, attributes: Attributes, *, parent: str) -> Iterator[Span]:
        span = self.start(name, kind, attributes, parent=parent)
        try:
            with trace_context.within(span.traceparent):
                yield span
        finally:
            span.end()

    @override
    def close(self) -> None:
        # The SDK's own end waits for half a minute where the collector is away.
        closing = threading.Thread(target=self._provider.shutdown, name="last spans", daemon=True)
        closing.start()
        closing.join(_CLOSING_SECONDS)
        if closing.is_alive():
            self._exporter.shutdown()


def _remote(traceparent: str) -> NonRecordingSpan:
    given = trace_context.accepted(traceparent)
    if not given:
        return NonRecordingSpan(SpanContext(0, 0, is_remote=False))
    _, trace_id, span_id, flags = given.split("-")
    return NonRecordingSpan(
        SpanContext(
            int(trace_id, 16), int(span_id, 16), is_remote=True, trace_flags=TraceFlags(int(flags, 16))
        )
    )


def _word(value: str) -> str:
    return value if _SHORT_WORD.fullmatch(value) else ""


def _allowed(attributes: Attributes) -> Mapping[str, str | int]:
    return {
        attribute.value: value
        for attribute, value in attributes.items()
        if isinstance(value, int) or _word(value)
    }
