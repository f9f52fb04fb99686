"""What a prompt is, what an attempt to send it can come to, and what follows from that."""

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

EXPIRES_AFTER: Final = timedelta(hours=72)
_FIRST_PAUSE: Final = timedelta(seconds=5)
_LONGEST_PAUSE: Final = timedelta(hours=1)
# The same text and the same name will not render better by waiting: the practice shall know soon.
_TRIES_TO_RENDER: Final = 5


class Kind(enum.Enum):
    """Why a letter goes; the values stand in the database."""

    FIRST = "first"
    GATHERED = "gathered"
    AGAIN = "again"
    REMINDER = "reminder"


class Outcome(enum.Enum):
    """What came of one attempt; the values stand in the database and in the metrics."""

    ACCEPTED = "accepted"
    ADDRESS_REFUSED = "address_refused"
    CONTACT_MISSING = "contact_missing"
    DEFERRED = "deferred"
    RELAY_UNAVAILABLE = "relay_unavailable"
    IDENTITY_UNAVAILABLE = "identity_unavailable"
    UNRENDERABLE = "unrenderable"
    OWN_FAULT = "own_fault"
    ADDRESS_SUSPECT = "address_suspect"
    NOT_WANTED = "not_wanted"
    NOT_NEEDED = "not_needed"


class Failure(enum.Enum):
    """Why a prompt failed for good; the values stand in the database."""

    ADDRESS_REFUSED = "address_refused"
    EXPIRED = "expired"
    OWN_FAULT = "own_fault"
    CONTACT_MISSING = "contact_missing"
    ADDRESS_SUSPECT = "address_suspect"
    NOT_WANTED = "not_wanted"


@dataclass(frozen=True, slots=True)
class Prompt:
    """A letter that is in hand for its attempt number `attempt`, 1 for the first.

    `reference` is the random part of its link. `sent_at` is when the first of its messages was sent,
    `created_at` when the notifier learnt of it.
    """

    practice_id: UUID
    id: UUID
    patient_id: UUID
    reference: str
    kind: Kind
    sent_at: datetime
    created_at: datetime
    attempt: int


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt that is over; `contact_version` is 0 where no contact was found.

    `message_ids` are the messages that the letter was to speak for, none where it did not come to that.
    """

    outcome: Outcome
    at: datetime
    contact_version: int = 0
    smtp_code: int | None = None
    message_ids: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Accepted:
    """The relay took the prompt: it is settled."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The prompt will not reach the patient: it is settled."""

    failure: Failure


@dataclass(frozen=True, slots=True)
class Dropped:
    """None of its messages needs the prompt any more: it is settled."""


@dataclass(frozen=True, slots=True)
class TryAgain:
    """The prompt is due again."""

    at: datetime


Decision = Accepted | Failed | Dropped | TryAgain

_FINAL: Final = {
    Outcome.ADDRESS_REFUSED: Failure.ADDRESS_REFUSED,
    Outcome.CONTACT_MISSING: Failure.CONTACT_MISSING,
    Outcome.ADDRESS_SUSPECT: Failure.ADDRESS_SUSPECT,
    Outcome.NOT_WANTED: Failure.NOT_WANTED,
}
_OURS: Final = frozenset({Outcome.OWN_FAULT, Outcome.UNRENDERABLE})


def decide(prompt: Prompt, attempt: Attempt, jitter: float) -> Decision:
    """Decide what follows from an attempt. `jitter` is random, 0 to 1.

    Retries pause exponentially up to an hour, with a last try when 72 hours are over.
    """
    if attempt.outcome is Outcome.ACCEPTED:
        return Accepted()
    if attempt.outcome is Outcome.NOT_NEEDED:
        return Dropped()
    if attempt.outcome in _FINAL:
        return Failed(_FINAL[attempt.outcome])
    if attempt.outcome is Outcome.UNRENDERABLE and prompt.attempt >= _TRIES_TO_RENDER:
        return Failed(Failure.OWN_FAULT)
    end = prompt.created_at + EXPIRES_AFTER
    if attempt.at >= end:
        return Failed(Failure.OWN_FAULT if attempt.outcome in _OURS else Failure.EXPIRED)
    return TryAgain(min(attempt.at + _pause(prompt.attempt, jitter), end))


def _pause(attempt: int, jitter: float) -> timedelta:
    """Half of the pause is sure, the other half random: prompts that failed together come back apart."""
    doublings = min(attempt - 1, 20)
    longest: timedelta = min(_FIRST_PAUSE * 2**doublings, _LONGEST_PAUSE)
    return longest * (0.5 + jitter / 2)


# The reply to RCPT of a mailbox that is full (RFC 5321, section 4.2.3): the address is right nevertheless.
_MAILBOX_FULL: Final = 552


def bounced_hard(attempt: Attempt) -> bool:
    """Whether the attempt shows that nobody can be reached at the address."""
    return attempt.outcome is Outcome.ADDRESS_REFUSED and attempt.smtp_code != _MAILBOX_FULL
