"""The tick of a message as it follows from the facts about it, in whatever order they arrived."""

import enum
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.messaging.messages.domain import Direction
from services.messaging.receipts.facts import Contact, Fact, FactKind, Failure, Reader
from services.messaging.receipts.outcomes import outcome_of

UNCONFIRMED_AFTER: Final = timedelta(hours=24)


class State(enum.IntEnum):
    """The tick."""

    QUEUED = 1
    SENT = 2
    RECEIVED = 3
    READ = 4
    FAILED = 5
    HELD = 40
    REJECTED = 41


# What the patient's side never learns of.
UNSENT: Final = (State.HELD, State.REJECTED)


class Evidence(enum.IntEnum):
    """How it is known that a message was received."""

    SHOWN_IN_MAILBOX = 1
    MAIL_SERVER = 2


@dataclass(frozen=True, slots=True)
class Receipt:
    """What is known of a message's arrival; a time is missing while its fact is."""

    state: State
    sent_at: datetime | None = None
    received_at: datetime | None = None
    evidence: Evidence | None = None
    read_at: datetime | None = None
    read_by: Reader | None = None
    failed_at: datetime | None = None
    failure: Failure | None = None
    delayed_at: datetime | None = None
    attachments_opened: int = 0

    @property
    def unconfirmed_from(self) -> datetime | None:
        """From when on a message that is only sent counts as unconfirmed."""
        if self.state is State.SENT and self.sent_at is not None:
            return self.sent_at + UNCONFIRMED_AFTER
        return None


def first_receipt(direction: Direction, stored_at: datetime, *, held: bool = False) -> Receipt:
    """The receipt of a message that was just stored: an answer lies in the practice's inbox at once."""
    if direction is Direction.TO_PRACTICE:
        return Receipt(State.SENT, sent_at=stored_at)
    return Receipt(State.HELD if held else State.QUEUED)


def derive(direction: Direction, facts: Collection[Fact], contact: Contact) -> Receipt:
    """The receipt: read, else shown, else what came of the newest prompt to the current contact data.

    It depends on which facts there are and not on the order in which they arrived. Once the message was
    shown or read, it no longer depends on the contact data either.
    """
    if direction is Direction.TO_PRACTICE:
        return _of_answer(facts)
    unsent = _unsent(facts)
    if unsent is not None:
        return Receipt(unsent)
    opened, shown = _earliest(facts, FactKind.OPENED), _earliest(facts, FactKind.SHOWN)
    outcome = outcome_of(facts, None if opened or shown else contact)
    failed = outcome.failed
    received_at, evidence = outcome.delivered_at, Evidence.MAIL_SERVER if outcome.delivered_at else None
    if shown:
        received_at, evidence = shown.at, Evidence.SHOWN_IN_MAILBOX
    return Receipt(
        state=_state(opened, received_at, failed, outcome.accepted_at),
        sent_at=outcome.accepted_at,
        received_at=received_at,
        evidence=evidence,
        read_at=opened.at if opened else None,
        read_by=opened.reader if opened else None,
        failed_at=failed.at if failed else None,
        failure=failed.failure if failed else None,
        delayed_at=None if opened or shown else outcome.delayed_at,
        attachments_opened=_attachments_opened(facts),
    )


def depends_on_contact(direction: Direction, facts: Iterable[Fact]) -> bool:
    """Whether `derive` asks for the contact data."""
    settling = (FactKind.OPENED, FactKind.SHOWN)
    return direction is Direction.TO_PATIENT and not any(fact.kind in settling for fact in facts)


def _of_answer(facts: Collection[Fact]) -> Receipt:
    stored, opened = _earliest(facts, FactKind.QUEUED), _earliest(facts, FactKind.OPENED)
    return Receipt(
        State.READ if opened else State.SENT,
        sent_at=stored.at if stored else None,
        read_at=opened.at if opened else None,
        read_by=opened.reader if opened else None,
    )


def _unsent(facts: Iterable[Fact]) -> State | None:
    """Held messages are queued when they are released, and only then."""
    kinds = {fact.kind for fact in facts}
    if FactKind.QUEUED in kinds or FactKind.HELD not in kinds:
        return None
    return State.REJECTED if FactKind.REJECTED in kinds else State.HELD


def _state(
    opened: Fact | None, received_at: datetime | None, failed: Fact | None, accepted_at: datetime | None
) -> State:
    if opened:
        return State.READ
    if received_at:
        return State.RECEIVED
    if failed:
        return State.FAILED
    return State.SENT if accepted_at else State.QUEUED


def _earliest(facts: Iterable[Fact], kind: FactKind) -> Fact | None:
    return min(
        (fact for fact in facts if fact.kind is kind), key=lambda fact: (fact.at, fact.id), default=None
    )


def _attachments_opened(facts: Iterable[Fact]) -> int:
    return len({fact.attachment_id for fact in facts if fact.kind is FactKind.ATTACHMENT_OPENED})
