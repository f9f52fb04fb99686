"""Traces: what is said, to whom it is handed on, and that nobody waits for them."""

import subprocess
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid4

import grpc
import pytest
from google.protobuf.wrappers_pb2 import StringValue
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from typing_extensions import override

from chassis import trace_context
from chassis.events import Event, envelop, unwrap
from chassis.exported_spans import ExportedSpans
from chassis.rpc_spans import calling, note_end, serving
from chassis.spans import NO_SPANS, Attribute, Kind, spans_of

TRACE = "0af7651916cd43dd8448eb211c80319c"
GIVEN = f"00-{TRACE}-b7ad6b7169203331-01"
UNSAMPLED = f"00-{TRACE}-b7ad6b7169203331-00"
METHOD = "/sample.v1.SampleService/Echo"
QUEUE = 2048


class Exported(SpanExporter):
    """Keeps what is sent; `held` makes it as slow as a collector that never answers."""

    def __init__(self, *, held: bool = False) -> None:
        self.spans: list[ReadableSpan] = []
        self._go_on = threading.Event()
        if not held:
            self._go_on.set()

    @override
    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self._go_on.wait()
        self.spans += spans
        return SpanExportResult.SUCCESS

    @override
    def shutdown(self) -> None:
        self._go_on.set()


@pytest.fixture
def exported() -> Exported:
    return Exported()


@pytest.fixture
def spans(exported: Exported) -> ExportedSpans:
    return ExportedSpans("sample", "api", exported)


def test_a_span_continues_the_callers_trace_and_is_continued_within(
    spans: ExportedSpans, exported: Exported
) -> None:
    with serving(spans, METHOD, GIVEN):
        inner = calling(spans, METHOD)
        note_end(inner, grpc.StatusCode.OK)
        inner.end()
        assert trace_context.trace_id() == TRACE
    assert trace_context.current() == ""
    spans.close()
    client, server = exported.spans
    assert server.parent is not None
    assert server.context is not None
    assert client.parent is not None
    assert f"{server.context.trace_id:032x}" == TRACE
    assert f"{server.parent.span_id:016x}" == GIVEN.split("-")[2]
    assert client.parent.span_id == server.context.span_id


@pytest.mark.parametrize("given", ["", "Erika", f"01{GIVEN[2:]}", f"00-{'0' * 32}-b7ad6b7169203331-01"])
def test_what_is_no_traceparent_begins_a_trace(given: str, spans: ExportedSpans, exported: Exported) -> None:
    with serving(spans, METHOD, given):
        pass
    spans.close()
    assert [span.parent for span in exported.spans] == [None]


def test_a_caller_that_is_not_sampled_stays_so_but_keeps_its_id(
    spans: ExportedSpans, exported: Exported
) -> None:
    with serving(spans, METHOD, UNSAMPLED):
        assert trace_context.trace_id() == TRACE
        assert trace_context.current().endswith("-00")
    spans.close()
    assert exported.spans == []


@pytest.mark.parametrize("value", ["Müller", "a@example.com", "x" * 121, "line\nline", "Kanarie?"])
def test_a_value_that_is_no_short_word_is_left_out(
    value: str, spans: ExportedSpans, exported: Exported
) -> None:
    with spans.around(value, Kind.INTERNAL, {Attribute.RESULT: value}, parent="") as span:
        span.note({Attribute.RESULT: value, Attribute.ATTEMPT: 2})
        span.rename(value)
    spans.close()
    [only] = exported.spans
    assert (only.name, dict(only.attributes or {})) == ("other", {"praxispost.attempt": 2})


def test_an_errors_text_is_nowhere(spans: ExportedSpans, exported: Exported) -> None:
    def work() -> None:
        with serving(spans, METHOD, "") as span:
            note_end(span, grpc.StatusCode.INTERNAL)
            raise ValueError("Erika Mustermann")

    with pytest.raises(ValueError, match="Erika"):
        work()
    spans.close()
    [only] = exported.spans
    assert "Erika" not in only.to_json()
    assert not only.status.is_ok


def test_a_refusal_is_no_failure(spans: ExportedSpans, exported: Exported) -> None:
    with serving(spans, METHOD, "") as span:
        note_end(span, grpc.StatusCode.NOT_FOUND)
    spans.close()
    assert [span.status.is_unset for span in exported.spans] == [True]


def test_nobody_waits_for_a_collector_that_does_not_answer() -> None:
    exported = Exported(held=True)
    spans = ExportedSpans("sample", "api", exported)
    for _ in range(3 * QUEUE):
        spans.start("one of many", Kind.INTERNAL, {}, parent="").end()
    spans.close()
    assert len(exported.spans) < 3 * QUEUE


def test_an_event_carries_the_span_in_which_it_became_a_fact() -> None:
    with trace_context.within(GIVEN):
        event = Event("sample.done", UUID(int=1), UUID(int=2), 1, datetime.now(UTC), StringValue())
    body = envelop(event, uuid4()).SerializeToString()
    assert unwrap(body).traceparent == GIVEN
    assert unwrap(body, UNSAMPLED).traceparent == UNSAMPLED
    assert unwrap(body, b"nonsense").traceparent == GIVEN


def test_without_an_endpoint_nothing_is_traced() -> None:
    assert spans_of("sample", "api", {"OTEL_EXPORTER_OTLP_ENDPOINT": ""}) is NO_SPANS
    with serving(NO_SPANS, METHOD, GIVEN) as span:
        assert trace_context.current() == ""
    assert span.traceparent == ""


@pytest.mark.parametrize("process", ["messaging.api", "messaging.worker", "notifier.worker", "portal.web"])
def test_a_process_that_is_not_traced_loads_nothing_for_it(process: str) -> None:
    look = (
        f"import sys, services.{process}\n"
        "from chassis.telemetry import Telemetry\n"
        "Telemetry('sample', 'api', 0).spans\n"
        "sys.exit(any(name.startswith('opentelemetry') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", look], env={}, check=False).returncode == 0
