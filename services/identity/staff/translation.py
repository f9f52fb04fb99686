"""Staff members as the contracts write them."""

from collections.abc import Mapping
from typing import Final, Protocol

from chassis.refusal import invalid
from chassis.validation import one_line
from praxispost.identity.v1 import staff_pb2
from services.identity.contact import email_address
from services.identity.staff.domain import Person, StaffMember, StaffState
from services.identity.times import timestamp

_NAME = 80
_ROLES: Final[Mapping["staff_pb2.StaffRole.ValueType", str]] = {
    staff_pb2.STAFF_ROLE_ADMIN: "admin",
    staff_pb2.STAFF_ROLE_PHYSICIAN: "physician",
    staff_pb2.STAFF_ROLE_ASSISTANT: "assistant",
}
_ROLE_VALUES: Final = {role: value for value, role in _ROLES.items()}
_STATES: Final = {
    StaffState.INVITED: staff_pb2.STAFF_STATE_INVITED,
    StaffState.ACTIVE: staff_pb2.STAFF_STATE_ACTIVE,
    StaffState.DISABLED: staff_pb2.STAFF_STATE_DISABLED,
}


class PersonMessage(Protocol):
    """A message that says who is invited."""

    email: str
    given_name: str
    family_name: str


def person(prefix: str, given: PersonMessage) -> Person:
    """Return who is invited; `prefix` stands before the names of the fields that are refused."""
    return Person(
        email=email_address(f"{prefix}email", given.email),
        given_name=one_line(f"{prefix}given_name", given.given_name.strip(), maximum=_NAME),
        family_name=one_line(f"{prefix}family_name", given.family_name.strip(), maximum=_NAME),
    )


def role_name(field: str, value: "staff_pb2.StaffRole.ValueType") -> str:
    """Return "admin", "physician" or "assistant"; refuses a role that is not given or not known."""
    if value not in _ROLES:
        raise invalid(field, "must be a known role")
    return _ROLES[value]


def state_value(state: StaffState) -> "staff_pb2.StaffState.ValueType":
    """Return the state as the contracts write it."""
    return _STATES[state]


def member_message(member: StaffMember) -> staff_pb2.StaffMember:
    """Return the member as the contracts write it."""
    return staff_pb2.StaffMember(
        id=str(member.id),
        email=member.person.email,
        given_name=member.person.given_name,
        family_name=member.person.family_name,
        role=_ROLE_VALUES[member.role],
        state=state_value(member.state),
        created_at=timestamp(member.created_at),
    )
