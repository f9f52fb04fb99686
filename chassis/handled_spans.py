"""The spans of the events that an inbox hands to their handler."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

from chassis import trace_context
from chassis.spans import Attribute, Kind, Spans
from praxispost.chassis.v1.envelope_pb2 import Envelope


@contextlib.contextmanager
def handling(spans: Spans, rows: Sequence[Any], envelopes: Sequence[Envelope]) -> Iterator[None]:
    """A span for each event, in its publisher's trace, while their effects are made within.

    What comes of several events at once belongs to the first one's trace.
    """
    if not spans.on:
        yield
        return
    begun = [
        spans.start(
            f"handle {row.type}",
            Kind.CONSUMER,
            {Attribute.EVENT_TYPE: row.type, Attribute.ATTEMPT: row.attempts + 1},
            parent=envelope.traceparent,
        )
        for row, envelope in zip(rows, envelopes, strict=True)
    ]
    try:
        with trace_context.within(begun[0].traceparent):
            yield
    except BaseException:  # also when their time is up
        for span in begun:
            span.fail()
        raise
    finally:
        for span in begun:
            span.end()
