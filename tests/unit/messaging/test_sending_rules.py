"""Who can be written to, what may be answered, and which id a message gets."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from chassis.refusal import Refusal
from services.messaging.messages.domain import AuthorKind, Direction, author_kind, message_id
from services.messaging.patients.domain import PatientState, why_not
from services.messaging.sending.domain import Draft, check_read_by, check_reply, reply_until

_NOW = datetime(2026, 3, 1, tzinfo=UTC)


def _state(*, email: bool = True, mobile: bool = True, conflict: bool = False) -> PatientState:
    return PatientState(
        uuid4(), uuid4(), 1, 1, has_email=email, has_mobile=mobile, conflict=conflict, bound=False
    )


def _draft(*, reply_allowed: bool) -> Draft:
    return Draft(
        uuid4(),
        uuid4(),
        uuid4(),
        Direction.TO_PATIENT,
        AuthorKind.STAFF_MEMBER,
        uuid4(),
        "Text",
        reply_allowed=reply_allowed,
    )


def _reply(until: datetime | None, now: datetime, *, closed: bool = False, withdrawn: bool = False) -> None:
    check_reply(until, now, closed=closed, withdrawn=withdrawn)


def test_a_patient_with_address_and_number_of_their_own_can_be_written_to() -> None:
    assert why_not(_state()) is None


@pytest.mark.parametrize(
    ("email", "mobile", "missing"),
    [(False, True, "email"), (True, False, "mobile"), (False, False, "email,mobile")],
)
def test_what_is_missing_is_named_before_any_conflict(email: bool, mobile: bool, missing: str) -> None:
    refusal = why_not(_state(email=email, mobile=mobile, conflict=True))
    assert refusal is not None
    assert (refusal.reason, dict(refusal.metadata)) == ("CONTACT_MISSING", {"missing": missing})


def test_a_pair_that_two_patients_have_is_a_conflict() -> None:
    refusal = why_not(_state(conflict=True))
    assert refusal is not None
    assert refusal.reason == "CONTACT_CONFLICT"


def test_a_message_may_be_answered_for_thirty_days() -> None:
    until = reply_until(_draft(reply_allowed=True), _NOW)
    assert until == _NOW + timedelta(days=30)
    _reply(until, _NOW + timedelta(days=30))
    with pytest.raises(Refusal, match="REPLY_PERIOD_OVER"):
        _reply(until, _NOW + timedelta(days=30, microseconds=1))


@pytest.mark.parametrize("days", [1, 365])
def test_the_sender_may_set_another_period(days: int) -> None:
    draft = replace(_draft(reply_allowed=True), reply_period_days=days)
    assert reply_until(draft, _NOW) == _NOW + timedelta(days=days)


def test_what_was_withdrawn_or_closed_cannot_be_answered_within_its_period() -> None:
    with pytest.raises(Refusal, match="MESSAGE_WITHDRAWN"):
        _reply(_NOW, _NOW, closed=True, withdrawn=True)
    with pytest.raises(Refusal, match="REPLIES_CLOSED"):
        _reply(_NOW, _NOW, closed=True)


@pytest.mark.parametrize("ahead", [timedelta(microseconds=1), timedelta(days=365)])
def test_a_message_can_be_wanted_read_within_a_year(ahead: timedelta) -> None:
    check_read_by(_NOW + ahead, _NOW)
    check_read_by(None, _NOW)


@pytest.mark.parametrize("ahead", [timedelta(), timedelta(days=-1), timedelta(days=365, microseconds=1)])
def test_a_message_cannot_be_wanted_read_in_the_past_or_in_years(ahead: timedelta) -> None:
    with pytest.raises(Refusal, match="INVALID_FIELD"):
        check_read_by(_NOW + ahead, _NOW)


def test_a_message_that_allows_no_answer_gets_none() -> None:
    assert reply_until(_draft(reply_allowed=False), _NOW) is None
    with pytest.raises(Refusal, match="REPLY_NOT_ALLOWED"):
        _reply(None, _NOW)


def test_the_same_try_makes_the_same_message_and_any_other_another() -> None:
    practice, actor, request = UUID(int=1), UUID(int=2), UUID(int=3)
    assert message_id(practice, actor, request) == message_id(practice, actor, request)
    others = {message_id(actor, practice, request), message_id(practice, actor, UUID(int=4))}
    assert message_id(practice, actor, request) not in others


@pytest.mark.parametrize(
    ("role", "kind"),
    [
        ("physician", AuthorKind.STAFF_MEMBER),
        ("admin", AuthorKind.STAFF_MEMBER),
        ("assistant", AuthorKind.STAFF_MEMBER),
        ("practice_service", AuthorKind.SERVICE_ACCOUNT),
        ("account", AuthorKind.ACCOUNT),
    ],
)
def test_the_kind_of_author_follows_from_the_role(role: str, kind: AuthorKind) -> None:
    assert author_kind(role) is kind
