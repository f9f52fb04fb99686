"""What a staff member is, and what holds of a practice's staff as a whole."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from uuid import UUID

from services.identity import refusals

ADMIN = "admin"


class StaffState(Enum):
    """Where a staff member stands."""

    INVITED = "invited"
    ACTIVE = "active"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class Person:
    """Who is invited; the address in the form that `contact` gives it."""

    email: str
    given_name: str
    family_name: str


@dataclass(frozen=True, slots=True)
class StaffMember:
    """A person who logs in for a practice; `role` is "admin", "physician" or "assistant"."""

    practice_id: UUID
    id: UUID
    person: Person
    role: str
    has_password: bool
    disabled_at: datetime | None
    created_at: datetime

    @property
    def state(self) -> StaffState:
        """Where the member stands."""
        if self.disabled_at is not None:
            return StaffState.DISABLED
        return StaffState.ACTIVE if self.has_password else StaffState.INVITED

    @property
    def is_active_admin(self) -> bool:
        """Whether this member can administer the practice now."""
        return self.role == ADMIN and self.state is StaffState.ACTIVE


def check_admin_remains(before: StaffMember, after: StaffMember, active_admins: int) -> None:
    """Refuses a change that leaves the practice without an active admin; `active_admins` counts before it."""
    if before.is_active_admin and not after.is_active_admin and active_admins <= 1:
        raise refusals.last_admin()


def check_can_be_invited_again(member: StaffMember) -> None:
    """Refuses who has accepted, and who could not log in anyway."""
    if member.has_password:
        raise refusals.invitation_accepted()
    if member.disabled_at is not None:
        raise refusals.staff_member_not_found()
