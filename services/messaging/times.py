"""Times on the wire."""

from datetime import UTC, datetime
from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp

from chassis.refusal import invalid

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_SECONDS: Final = 86_400


def timestamp(moment: datetime) -> Timestamp:
    """The moment as the contracts carry it."""
    since = moment - _EPOCH  # what FromDatetime does, in a fifth of its time: a page of a list has hundreds
    return Timestamp(seconds=since.days * _DAY_SECONDS + since.seconds, nanos=since.microseconds * 1000)


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
