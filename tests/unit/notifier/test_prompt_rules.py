"""What follows from an attempt to send a prompt."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.prompts.domain import (
    EXPIRES_AFTER,
    Accepted,
    Attempt,
    Decision,
    Failed,
    Failure,
    Kind,
    Outcome,
    Prompt,
    TryAgain,
    decide,
)

_START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
_RETRIED = [
    Outcome.DEFERRED,
    Outcome.RELAY_UNAVAILABLE,
    Outcome.IDENTITY_UNAVAILABLE,
    Outcome.OWN_FAULT,
]


def _prompt(attempt: int) -> Prompt:
    return Prompt(UUID(int=1), UUID(int=2), UUID(int=3), "reference", Kind.FIRST, _START, _START, attempt)


def _after(
    outcome: Outcome, *, attempt: int = 1, after: timedelta = timedelta(), jitter: float = 0.5
) -> Decision:
    return decide(_prompt(attempt), Attempt(outcome, _START + after), jitter)


def test_an_accepted_prompt_is_settled_even_after_72_hours() -> None:
    assert _after(Outcome.ACCEPTED, attempt=90, after=EXPIRES_AFTER * 2) == Accepted()


def test_a_refused_address_and_a_missing_contact_end_it_at_once() -> None:
    assert _after(Outcome.ADDRESS_REFUSED) == Failed(Failure.ADDRESS_REFUSED)
    assert _after(Outcome.CONTACT_MISSING) == Failed(Failure.CONTACT_MISSING)


@pytest.mark.parametrize("outcome", _RETRIED)
def test_what_may_pass_is_tried_again_within_seconds_at_first(outcome: Outcome) -> None:
    decision = _after(outcome)
    assert isinstance(decision, TryAgain)
    assert timedelta(seconds=2) < decision.at - _START <= timedelta(seconds=5)


def test_what_cannot_be_rendered_ends_after_five_tries_as_our_own_fault() -> None:
    assert isinstance(_after(Outcome.UNRENDERABLE, attempt=4), TryAgain)
    assert _after(Outcome.UNRENDERABLE, attempt=5) == Failed(Failure.OWN_FAULT)


@pytest.mark.parametrize(
    ("outcome", "failure"),
    [
        (Outcome.DEFERRED, Failure.EXPIRED),
        (Outcome.RELAY_UNAVAILABLE, Failure.EXPIRED),
        (Outcome.IDENTITY_UNAVAILABLE, Failure.EXPIRED),
        (Outcome.OWN_FAULT, Failure.OWN_FAULT),
    ],
)
def test_after_72_hours_it_fails_for_the_reason_of_the_last_attempt(
    outcome: Outcome, failure: Failure
) -> None:
    assert _after(outcome, attempt=80, after=EXPIRES_AFTER) == Failed(failure)


@given(
    attempt=st.integers(1, 10_000),
    seconds=st.integers(0, 72 * 3600 - 1),
    jitter=st.floats(0, 1),
    outcome=st.sampled_from(_RETRIED),
)
def test_every_pause_is_at_most_an_hour_and_the_last_try_is_when_72_hours_are_over(
    attempt: int, seconds: int, jitter: float, outcome: Outcome
) -> None:
    now = timedelta(seconds=seconds)
    decision = _after(outcome, attempt=attempt, after=now, jitter=jitter)
    assert isinstance(decision, TryAgain)
    assert _START + now <= decision.at <= min(_START + now + timedelta(hours=1), _START + EXPIRES_AFTER)


def test_pauses_double_until_they_are_an_hour_and_jitter_spreads_them_over_a_half() -> None:
    def pause(attempt: int, jitter: float) -> timedelta:
        decision = _after(Outcome.DEFERRED, attempt=attempt, jitter=jitter)
        assert isinstance(decision, TryAgain)
        return decision.at - _START

    assert [pause(n, 1).total_seconds() for n in range(1, 6)] == [5, 10, 20, 40, 80]
    assert pause(10, 1) == pause(11, 1) * (2560 / 3600)
    assert pause(11, 1) == pause(50, 1) == timedelta(hours=1)
    assert pause(3, 0) * 2 == pause(3, 1)
