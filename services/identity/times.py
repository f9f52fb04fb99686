"""Times on the wire."""

from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp


def timestamp(moment: datetime) -> Timestamp:
    """Return the moment as the contracts carry it."""
    wire = Timestamp()
    wire.FromDatetime(moment)
    return wire
