"""Times on the wire."""

from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp

from chassis.refusal import invalid


def timestamp(moment: datetime) -> Timestamp:
    """The moment as the contracts carry it."""
    wire = Timestamp()
    wire.FromDatetime(moment)
    return wire


def optional_moment(field: str, wire: Timestamp | None) -> datetime | None:
    """The moment that a request names, if it does; refuses what is no time between the years 1 and 9999."""
    if wire is None:
        return None
    try:
        return wire.ToDatetime(UTC)
    except (ValueError, OverflowError):
        raise invalid(field, "must be a time between the years 1 and 9999") from None


def optional_timestamp(moment: datetime | None) -> Timestamp | None:
    """The same for a time that may be missing."""
    return None if moment is None else timestamp(moment)
