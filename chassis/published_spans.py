"""The spans of the events that a relay publishes: from taking an event up to the broker's word on it."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from chassis.confirmed_publisher import Fate
from chassis.spans import Attribute, Kind, Span, Spans
from chassis.trace_context import TRACEPARENT
from praxispost.chassis.v1.envelope_pb2 import Envelope


class PublishedSpans:
    """One batch at a time; what was begun and did not come to an end begins anew with its event."""

    def __init__(self, spans: Spans) -> None:
        self._spans = spans
        self._begun: dict[UUID, Span] = {}

    def begin(self, rows: Iterable[Any]) -> Mapping[UUID, Mapping[str, str]]:
        """Begin a span for each event; the headers by which the consumers' spans will name it."""
        if not self._spans.on:
            return {}
        self._begun = {row.event_id: self._begin(row) for row in rows}
        return {event_id: {TRACEPARENT: span.traceparent} for event_id, span in self._begun.items()}

    def end(self, fates: Mapping[UUID, Fate]) -> None:
        """The broker has spoken."""
        for event_id, span in self._begun.items():
            fate = fates[event_id]
            span.note({Attribute.RESULT: fate.value})
            if fate is not Fate.CONFIRMED:
                span.fail()
            span.end()
        self._begun = {}

    def _begin(self, row: Any) -> Span:
        return self._spans.start(
            f"publish {row.type}",
            Kind.PRODUCER,
            {Attribute.EVENT_TYPE: row.type},
            parent=Envelope.FromString(row.envelope).traceparent,
        )
