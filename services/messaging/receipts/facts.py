"""What can happen to a message: the facts from which its tick follows."""

import enum
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5


class Failure(enum.IntEnum):
    """Why no prompt reached the patient."""

    ADDRESS_REFUSED = 1
    EXPIRED = 2
    OWN_FAULT = 3
    CONTACT_CONFLICT = 4


class Reader(enum.IntEnum):
    """Who opened a message."""

    PATIENT = 1
    REPRESENTATIVE = 2
    PRACTICE = 3


class FactKind(enum.IntEnum):
    """What happened to a message."""

    QUEUED = 1
    PROMPT_ACCEPTED = 2
    PROMPT_FAILED = 3
    SHOWN = 4
    OPENED = 5
    WITHDRAWN = 30
    REPLIES_CLOSED = 31
    ERASED = 32
    HELD = 40
    REJECTED = 41
    PROMPT_DELIVERED = 42
    PROMPT_DELAYED = 43
    ATTACHMENT_OPENED = 44


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that happened to a message; facts are only ever added.

    `attempt`, `contact_version` and `prompt_id` belong to prompts: which try it was, which contact data it
    went to, 0 where none were found, and which prompt, None where that was not recorded.
    """

    id: UUID
    kind: FactKind
    at: datetime
    attempt: int = 0
    contact_version: int = 0
    failure: Failure | None = None
    reader: Reader | None = None
    prompt_id: UUID | None = None
    attachment_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """The patient's contact data as far as messaging knows: their version, and whether there are any."""

    version: int
    reachable: bool


def fact_id(message_id: UUID, kind: FactKind) -> UUID:
    """The id of a fact that a message has once at most, so that it cannot be stored twice."""
    return uuid5(message_id, kind.name)


def attachment_fact_id(message_id: UUID, attachment_id: UUID) -> UUID:
    """The id of the fact that this attachment was opened, which happens once at most too."""
    return uuid5(message_id, f"{FactKind.ATTACHMENT_OPENED.name}/{attachment_id}")
