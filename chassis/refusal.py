"""The one typed error with which a service says no; the gRPC server turns it into a rich status."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

_NOTHING: Mapping[str, str] = MappingProxyType({})


class Status(enum.Enum):
    """The gRPC status codes a refusal can have; INTERNAL and UNKNOWN are never said on purpose."""

    INVALID_ARGUMENT = "INVALID_ARGUMENT"
    NOT_FOUND = "NOT_FOUND"
    ALREADY_EXISTS = "ALREADY_EXISTS"
    FAILED_PRECONDITION = "FAILED_PRECONDITION"
    PERMISSION_DENIED = "PERMISSION_DENIED"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    RESOURCE_EXHAUSTED = "RESOURCE_EXHAUSTED"
    UNAVAILABLE = "UNAVAILABLE"
    ABORTED = "ABORTED"
    OUT_OF_RANGE = "OUT_OF_RANGE"
    DEADLINE_EXCEEDED = "DEADLINE_EXCEEDED"


@dataclass(frozen=True, slots=True)
class FieldViolation:
    """One field of the request, as a path such as `header.file_name`, and what is wrong with it."""

    field: str
    description: str


class Refusal(Exception):
    """A request that is refused, with a reason a program can act on.

    `reason` is a value of the service's or the chassis' `ErrorReason` without `ERROR_REASON_`.
    Neither `message` nor `metadata` nor a field's description holds personal data: clients log them.
    """

    def __init__(
        self,
        status: Status,
        reason: str,
        message: str,
        *,
        fields: tuple[FieldViolation, ...] = (),
        metadata: Mapping[str, str] = _NOTHING,
    ) -> None:
        super().__init__(f"{status.name} {reason}: {message}")
        self.status = status
        self.reason = reason
        self.message = message
        self.fields = fields
        self.metadata: Mapping[str, str] = MappingProxyType(dict(metadata))


def invalid(field: str, description: str) -> Refusal:
    """The refusal of one field's value."""
    return invalid_fields(FieldViolation(field, description))


def invalid_fields(*violations: FieldViolation) -> Refusal:
    """The refusal of several fields' values at once."""
    names = ", ".join(violation.field for violation in violations)
    return Refusal(Status.INVALID_ARGUMENT, "INVALID_FIELD", f"not acceptable: {names}", fields=violations)


def dependency_unavailable(dependency: str) -> Refusal:
    """The refusal when something the service needs, such as "identity" or "database", cannot be reached."""
    return Refusal(
        Status.UNAVAILABLE,
        "DEPENDENCY_UNAVAILABLE",
        "something this service needs cannot be reached; try again",
        metadata={"dependency": dependency},
    )
