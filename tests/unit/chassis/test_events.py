"""The form of events on the bus, and what is none."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from google.protobuf.wrappers_pb2 import StringValue
from hypothesis import given
from hypothesis.strategies import binary

from chassis.events import EnvelopeMalformed, Event, envelop, unwrap
from praxispost.chassis.v1.envelope_pb2 import Envelope

EVENT = Event(
    "sample.thing_made",
    UUID(int=1),
    UUID(int=2),
    3,
    datetime(2026, 3, 1, 12, tzinfo=UTC),
    StringValue(value="x"),
)


def test_an_envelope_survives_the_bus() -> None:
    envelope = envelop(EVENT, uuid4())
    assert unwrap(envelope.SerializeToString()) == envelope


def test_an_envelope_says_what_happened_to_what_and_when() -> None:
    envelope = envelop(EVENT, UUID(int=4))
    assert envelope == Envelope(
        event_id=str(UUID(int=4)),
        type="sample.thing_made",
        schema_version=1,
        tenant_id=str(UUID(int=1)),
        aggregate_id=str(UUID(int=2)),
        aggregate_version=3,
        occurred_at=envelope.occurred_at,
        data=StringValue(value="x").SerializeToString(),
    )
    assert envelope.occurred_at.ToDatetime(UTC) == EVENT.occurred_at


@pytest.mark.parametrize("field", ["event_id", "type", "tenant_id", "aggregate_id"])
@pytest.mark.parametrize("value", ["", "nobody", "\0"])
def test_without_ids_and_type_it_is_no_envelope(field: str, value: str) -> None:
    envelope = envelop(EVENT, uuid4())
    setattr(envelope, field, value)
    with pytest.raises(EnvelopeMalformed):
        unwrap(envelope.SerializeToString())


@pytest.mark.parametrize("field", ["event_id", "tenant_id", "aggregate_id"])
@pytest.mark.parametrize("form", ["urn:uuid:{}", "{{{}}}", "-{}"])
def test_an_id_that_only_python_would_read_is_none(field: str, form: str) -> None:
    envelope = envelop(EVENT, uuid4())
    setattr(envelope, field, form.format(UUID(int=4)))
    with pytest.raises(EnvelopeMalformed):
        unwrap(envelope.SerializeToString())


def test_text_is_no_envelope() -> None:
    with pytest.raises(EnvelopeMalformed):
        unwrap("text")


@given(binary())
def test_whatever_comes_is_an_envelope_or_malformed(body: bytes) -> None:
    try:
        envelope = unwrap(body)
    except EnvelopeMalformed:
        return
    UUID(envelope.event_id)
