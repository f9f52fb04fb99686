"""What needs somebody, and from when on."""

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest

from chassis.refusal import Refusal
from services.messaging.messages.domain import Direction
from services.messaging.receipts.domain import Receipt, State
from services.messaging.work.domain import (
    OF_IDENTITY,
    OF_MESSAGES,
    OF_PATIENT,
    Matter,
    WorkKind,
    check_done,
    due_at,
    matter,
)

_SENT = datetime(2026, 3, 1, tzinfo=UTC)
_LATER = _SENT + timedelta(days=2)


def test_a_message_is_to_be_read_within_a_week_or_by_the_senders_date() -> None:
    assert due_at(_SENT) == _SENT + timedelta(days=7)
    assert due_at(_SENT, _LATER) == _LATER


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (State.HELD, Matter(WorkKind.HELD, _SENT)),
        (State.REJECTED, None),
        (State.QUEUED, Matter(WorkKind.DUE, None)),
        (State.SENT, Matter(WorkKind.DUE, None)),
        (State.RECEIVED, Matter(WorkKind.DUE, None)),
        (State.FAILED, Matter(WorkKind.FAILED, _LATER)),
        (State.READ, None),
    ],
)
def test_what_a_message_to_a_patient_needs_follows_from_its_receipt(
    state: State, expected: Matter | None
) -> None:
    receipt = Receipt(state, failed_at=_LATER if state is State.FAILED else None)
    assert matter(Direction.TO_PATIENT, receipt, _SENT) == expected


def test_an_answer_needs_somebody_until_it_is_opened() -> None:
    unread = Receipt(State.SENT, sent_at=_SENT)
    assert matter(Direction.TO_PRACTICE, unread, _SENT) == Matter(WorkKind.UNREAD_ANSWER, _SENT)
    read = dataclasses.replace(unread, state=State.READ, read_at=_LATER)
    assert matter(Direction.TO_PRACTICE, read, _SENT) is None


def test_another_failure_is_another_matter() -> None:
    first = matter(Direction.TO_PATIENT, Receipt(State.FAILED, failed_at=_SENT), _SENT)
    second = matter(Direction.TO_PATIENT, Receipt(State.FAILED, failed_at=_LATER), _SENT)
    assert first != second


def test_every_kind_of_task_is_of_messages_or_of_identity() -> None:
    assert {*OF_MESSAGES, *OF_IDENTITY} == set(WorkKind)
    assert not {*OF_MESSAGES} & {*OF_IDENTITY}
    assert {*OF_PATIENT} <= {*OF_MESSAGES}


def test_what_nobody_has_read_is_not_done() -> None:
    check_done(0)
    with pytest.raises(Refusal, match="ANSWERS_UNREAD"):
        check_done(1)
