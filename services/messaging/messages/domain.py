"""What a message is: its sides, its purpose, its author, and how its id is decided before it is stored."""

import enum
from typing import Final
from uuid import UUID, uuid5

_MESSAGES: Final = UUID("5d2a2f1c-6c0e-5b8e-9a53-0f4f0f6f2c11")


class Direction(enum.IntEnum):
    """Which side sent a message."""

    TO_PATIENT = 1
    TO_PRACTICE = 2


class Purpose(enum.IntEnum):
    """Why a practice writes; answers have none."""

    FINDINGS = 1
    PRESCRIPTION = 2
    APPOINTMENT = 3
    INVOICE = 4
    TREATMENT_ADVICE = 5
    OTHER_TREATMENT_MATTER = 6


class WithdrawalReason(enum.IntEnum):
    """Why a message was withdrawn."""

    MISDIRECTED = 1
    WRONG_CONTENT = 2
    OUTDATED = 3
    OTHER = 4


class AuthorKind(enum.IntEnum):
    """What kind of caller sent a message."""

    STAFF_MEMBER = 1
    ACCOUNT = 2
    SERVICE_ACCOUNT = 3


def author_kind(role: str) -> AuthorKind:
    """The kind of a caller who was let through to send."""
    return {"account": AuthorKind.ACCOUNT, "practice_service": AuthorKind.SERVICE_ACCOUNT}.get(
        role, AuthorKind.STAFF_MEMBER
    )


def message_id(practice_id: UUID, actor_id: UUID, request_id: UUID) -> UUID:
    """The id of the message that this request makes, the same however often it is tried.

    So attachments can be claimed for it before it is stored, and again after a failure.
    """
    return uuid5(_MESSAGES, f"{practice_id}/{actor_id}/{request_id}")
