"""How long sessions and their tokens last, and how long failures make one wait."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest

from chassis.refusal import Refusal
from services.identity.birth_dates import birth_date
from services.identity.sessions.domain import Session, token_end, wait_after

_BEGAN = datetime(2026, 11, 22, 8, tzinfo=UTC)
_SESSION = Session(uuid4(), "account", uuid4(), _BEGAN, _BEGAN, _BEGAN, None)


def at(hours: float) -> datetime:
    return _BEGAN + timedelta(hours=hours)


@pytest.mark.parametrize(
    ("last_used", "ended", "ends"),
    [(0, None, 0.5), (5, None, 5.5), (11.9, None, 12), (5, 5.25, 5.25), (5, 6, 5.5)],
)
def test_a_session_ends_idle_too_old_or_ended(last_used: float, ended: float | None, ends: float) -> None:
    session = replace(_SESSION, last_used_at=at(last_used), ended_at=None if ended is None else at(ended))
    assert session.ends_at == at(ends)
    assert session.is_open(at(ends) - timedelta(seconds=1))
    assert not session.is_open(at(ends))


def test_a_token_ends_with_its_session() -> None:
    assert token_end(_SESSION, at(0)) == at(0) + timedelta(seconds=60)
    late = at(0.5) - timedelta(seconds=7)
    assert token_end(_SESSION, late) == at(0.5)


def test_a_proof_of_the_number_is_fresh_for_ten_minutes() -> None:
    assert _SESSION.has_fresh_sms_proof(_BEGAN + timedelta(minutes=9, seconds=59))
    assert not _SESSION.has_fresh_sms_proof(_BEGAN + timedelta(minutes=10))
    assert not replace(_SESSION, mobile_proven_at=None).has_fresh_sms_proof(_BEGAN)


def test_waiting_doubles_up_to_a_quarter_of_an_hour() -> None:
    seconds = [wait_after(failures).total_seconds() for failures in (1, 4, 5, 6, 7, 8, 9, 10, 11, 10**6)]
    assert seconds == [0, 0, 30, 60, 120, 240, 480, 900, 900, 900]


def test_a_birth_date_has_one_form() -> None:
    assert birth_date("birth_date", "1961-04-12") == date(1961, 4, 12)


@pytest.mark.parametrize(
    "value",
    ["", "12.04.1961", "1961-4-12", "19610412", "1961-02-30", "1961-W15-3", "1961-04-12T00:00", "١٩٦١-٠٤-١٢"],
)
def test_every_other_form_of_a_birth_date_is_refused(value: str) -> None:
    with pytest.raises(Refusal) as refused:
        birth_date("born", value)
    assert [each.field for each in refused.value.fields] == ["born"]
