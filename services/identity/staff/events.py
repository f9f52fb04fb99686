"""What the other services hear of staff: who may not log in any more, and who may again."""

from datetime import UTC, datetime, timedelta
from typing import Final

from chassis.events import Event
from praxispost.identity.v1 import events_pb2
from services.identity.staff.domain import StaffMember

STAFF_DISABLED: Final = "identity.staff_disabled"
STAFF_ENABLED: Final = "identity.staff_enabled"

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def availability_changed(member: StaffMember, now: datetime) -> Event:
    """The event for a member who was disabled or enabled just now.

    Its version is the time: changes of a practice's staff wait for one another, so it rises.
    """
    disabled = member.disabled_at is not None
    message = events_pb2.StaffDisabled if disabled else events_pb2.StaffEnabled
    return Event(
        type=STAFF_DISABLED if disabled else STAFF_ENABLED,
        tenant_id=member.practice_id,
        aggregate_id=member.id,
        aggregate_version=(now - _EPOCH) // _MICROSECOND,
        occurred_at=now,
        data=message(staff_id=str(member.id)),
    )
