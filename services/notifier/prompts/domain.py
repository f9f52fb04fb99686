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


class Failure(enum.Enum):
    """Why a prompt failed for good; the values stand in the database."""

    ADDRESS_REFUSED = "address_refused"
    EXPIRED = "expired"
    OWN_FAULT = "own_fault"
    CONTACT_MISSING = "contact_missing"


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt in hand for its attempt number `attempt`, 1 for the first.

    `reference` is the random part of its link. `sent_at` is when the message was sent, `created_at` when the
    notifier learnt of it.
    """

    practice_id: UUID
    id: UUID
    message_id: UUID
    patient_id: UUID
    reference: str
    sent_at: datetime
    created_at: datetime
    attempt: int


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt that is over; `contact_version` is 0 where no contact was found."""

    outcome: Outcome
    at: datetime
    contact_version: int = 0
    smtp_code: int | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """The relay took the prompt: it is settled."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The prompt will not reach the patient: it is settled."""

    failure: Failure


@dataclass(frozen=True, slots=True)
class TryAgain:
    """The prompt is due again."""

    at: datetime


Decision = Accepted | Failed | TryAgain

_FINAL: Final = {
    Outcome.ADDRESS_REFUSED: Failure.ADDRESS_REFUSED,
    Outcome.CONTACT_MISSING: Failure.CONTACT_MISSING,
}
_OURS: Final = frozenset({Outcome.OWN_FAULT, Outcome.UNRENDERABLE})


def decide(prompt: Prompt, attempt: Attempt, jitter: float) -> Decision:
    """Decide what follows from an attempt. `jitter` is random, 0 to 1.

    Retries pause exponentially up to an hour, with a last try when 72 hours are over.
    """
    if attempt.outcome is Outcome.ACCEPTED:
        return Accepted()
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
