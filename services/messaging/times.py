"""Times on the wire."""

from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp


def timestamp(moment: datetime) -> Timestamp:
    """The moment as the contracts carry it."""
    wire = Timestamp()
    wire.FromDatetime(moment)
    return wire


def optional_timestamp(moment: datetime | None) -> Timestamp | None:
    """The same for a time that may be missing."""
    return None if moment is None else timestamp(moment)
