"""What one service tells the others: a small fact, and its form on the bus."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from google.protobuf.message import DecodeError, Message

from chassis import trace_context
from praxispost.chassis.v1.envelope_pb2 import Envelope

SCHEMA_VERSION = 1

_TYPE = re.compile(r"[a-z_]+\.[a-z_]+")


@dataclass(frozen=True, slots=True)
class Event:
    """A fact to publish; `type` is "<service>.<fact in past tense>" and the routing key.

    `data` holds ids and flags only: it travels and is kept unencrypted. `traceparent` is the span in which
    it became a fact.
    """

    type: str
    tenant_id: UUID
    aggregate_id: UUID
    aggregate_version: int
    occurred_at: datetime
    data: Message
    traceparent: str = field(default_factory=trace_context.current, compare=False)


class EnvelopeMalformed(Exception):
    """The bytes are no envelope, or one with a missing or malformed type or id."""


def envelop(event: Event, event_id: UUID) -> Envelope:
    """The event as it goes over the bus, under the id that stays with it for ever."""
    envelope = Envelope(
        event_id=str(event_id),
        type=event.type,
        schema_version=SCHEMA_VERSION,
        tenant_id=str(event.tenant_id),
        aggregate_id=str(event.aggregate_id),
        aggregate_version=event.aggregate_version,
        data=event.data.SerializeToString(),
        traceparent=event.traceparent,
    )
    envelope.occurred_at.FromDatetime(event.occurred_at)
    return envelope


def unwrap(body: object, traceparent: object = "") -> Envelope:
    """The envelope that came over the bus; raises EnvelopeMalformed.

    `traceparent` is the header that the relay sent along: its span stands between publisher and consumer.
    """
    if not isinstance(body, bytes):
        raise EnvelopeMalformed
    try:
        envelope = Envelope.FromString(body)
        ids = (envelope.event_id, envelope.tenant_id, envelope.aggregate_id)
        # Python reads UUIDs that PostgreSQL refuses, and what cannot be stored would be tried for ever.
        canonical = all(str(UUID(each)) == each for each in ids)
    except (DecodeError, ValueError) as error:
        raise EnvelopeMalformed from error
    if not canonical or not _TYPE.fullmatch(envelope.type):
        raise EnvelopeMalformed
    envelope.traceparent = trace_context.accepted(traceparent) or trace_context.accepted(envelope.traceparent)
    return envelope
