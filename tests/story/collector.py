"""A collector of traces, as an installation would have one: takes OTLP over gRPC and keeps what comes."""

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import grpc
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import (
    TraceServiceServicer,
    add_TraceServiceServicer_to_server,
)
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanProto
from typing_extensions import override


@dataclass(frozen=True, slots=True)
class Seen:
    """A span as it arrived; ids are hexadecimal, `parent_id` is empty at a trace's begin."""

    process: str
    name: str
    trace_id: str
    span_id: str
    parent_id: str
    attributes: Mapping[str, str | int]

    @property
    def what(self) -> tuple[str, str]:
        """Who did what."""
        return self.process, self.name


class Collector(TraceServiceServicer):
    """Everything that came; `address` is where to send it."""

    def __init__(self) -> None:
        self.address = ""
        self._received: list[ExportTraceServiceRequest] = []

    @override
    def Export(
        self, request: ExportTraceServiceRequest, context: grpc.ServicerContext
    ) -> ExportTraceServiceResponse:
        self._received.append(request)
        return ExportTraceServiceResponse()

    def spans(self) -> list[Seen]:
        """All spans, in the order of their arrival."""
        return [
            _seen(resource.resource.attributes, span)
            for request in list(self._received)
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    def trace(self, trace_id: str) -> list[Seen]:
        """The spans of one trace."""
        return [span for span in self.spans() if span.trace_id == trace_id]

    def raw(self) -> bytes:
        """Every byte that was sent, resources and all."""
        return b"".join(request.SerializeToString() for request in list(self._received))


def _seen(resource: Iterable[KeyValue], span: SpanProto) -> Seen:
    return Seen(
        str(_plain(resource)["service.name"]),
        span.name,
        span.trace_id.hex(),
        span.span_id.hex(),
        span.parent_span_id.hex(),
        _plain(span.attributes),
    )


def _plain(attributes: Iterable[KeyValue]) -> dict[str, str | int]:
    return {each.key: each.value.string_value or each.value.int_value for each in attributes}


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector that listens."""
    collector = Collector()
    server = grpc.server(ThreadPoolExecutor(4))
    # OpenTelemetry's generated code has no types.
    add_TraceServiceServicer_to_server(collector, server)  # type: ignore[no-untyped-call]
    collector.address = f"http://127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    try:
        yield collector
    finally:
        server.stop(None).wait()
