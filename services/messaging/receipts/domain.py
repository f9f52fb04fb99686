"""The tick of a message as it follows from the facts about it, in whatever order they arrived."""

import enum
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

from services.messaging.messages.domain import Direction


class State(enum.IntEnum):
    """The tick."""

    QUEUED = 1
    SENT = 2
    RECEIVED = 3
    READ = 4
    FAILED = 5


class Evidence(enum.IntEnum):
    """How it is known that a message was received."""

    SHOWN_IN_MAILBOX = 1
    MAIL_SERVER = 2


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


_OUTCOMES: Final = frozenset({FactKind.PROMPT_ACCEPTED, FactKind.PROMPT_FAILED})


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that happened to a message; facts are only ever added.

    `attempt` and `contact_version` belong to prompts: which try it was and which contact data it went to,
    0 where none were found.
    """

    id: UUID
    kind: FactKind
    at: datetime
    attempt: int = 0
    contact_version: int = 0
    failure: Failure | None = None
    reader: Reader | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """The patient's contact data as far as messaging knows: their version, and whether there are any."""

    version: int
    reachable: bool


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


def fact_id(message_id: UUID, kind: FactKind) -> UUID:
    """The id of a fact that a message has once at most, so that it cannot be stored twice."""
    return uuid5(message_id, kind.name)


def first_receipt(direction: Direction, stored_at: datetime) -> Receipt:
    """The receipt of a message that was just stored: an answer lies in the practice's inbox at once."""
    if direction is Direction.TO_PRACTICE:
        return Receipt(State.SENT, sent_at=stored_at)
    return Receipt(State.QUEUED)


def derive(direction: Direction, facts: Collection[Fact], contact: Contact) -> Receipt:
    """The receipt: read, else received, else what came of the newest prompt to the current contact data.

    It depends on which facts there are and not on the order in which they arrived. Once the message was
    received or read, it no longer depends on the contact data either.
    """
    opened = _earliest(facts, FactKind.OPENED)
    read_at, read_by = (opened.at, opened.reader) if opened else (None, None)
    if direction is Direction.TO_PRACTICE:
        stored = _earliest(facts, FactKind.QUEUED)
        state = State.READ if opened else State.SENT
        return Receipt(state, sent_at=stored.at if stored else None, read_at=read_at, read_by=read_by)
    shown = _earliest(facts, FactKind.SHOWN)
    outcomes = [fact for fact in facts if fact.kind in _OUTCOMES]
    outcome = _newest(outcomes if opened or shown else _current(outcomes, contact))
    failed = outcome is not None and outcome.kind is FactKind.PROMPT_FAILED
    return Receipt(
        state=_state(opened, shown, outcome),
        sent_at=outcome.at if outcome and not failed else None,
        received_at=shown.at if shown else None,
        evidence=Evidence.SHOWN_IN_MAILBOX if shown else None,
        read_at=read_at,
        read_by=read_by,
        failed_at=outcome.at if outcome and failed else None,
        failure=outcome.failure if outcome and failed else None,
    )


def _state(opened: Fact | None, shown: Fact | None, outcome: Fact | None) -> State:
    if opened:
        return State.READ
    if shown:
        return State.RECEIVED
    if outcome is None:
        return State.QUEUED
    return State.FAILED if outcome.kind is FactKind.PROMPT_FAILED else State.SENT


def _earliest(facts: Iterable[Fact], kind: FactKind) -> Fact | None:
    return min(
        (fact for fact in facts if fact.kind is kind), key=lambda fact: (fact.at, fact.id), default=None
    )


def _newest(outcomes: Iterable[Fact]) -> Fact | None:
    return max(outcomes, key=lambda fact: (fact.at, fact.attempt, fact.id), default=None)


def _current(outcomes: Collection[Fact], contact: Contact) -> list[Fact]:
    """Outcomes of prompts to older contact data say nothing about the present ones."""
    current = max((contact.version, *(fact.contact_version for fact in outcomes)))
    reachable = contact.reachable or current > contact.version
    return [fact for fact in outcomes if _counts(fact, current, reachable=reachable)]


def _counts(outcome: Fact, current: int, *, reachable: bool) -> bool:
    """A prompt that found no contact data has failed only for as long as there are none."""
    if outcome.contact_version == 0:
        return not (outcome.failure is Failure.CONTACT_CONFLICT and reachable)
    return outcome.contact_version == current
