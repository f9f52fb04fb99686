"""When a prompt goes."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.notifier.prompts.window import next_slot

_NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
_WINDOW = timedelta(minutes=2)


def test_the_first_goes_at_once_and_opens_a_window() -> None:
    slot = next_slot(_NOW, None, _WINDOW)
    assert (slot.due_at, slot.gathered, slot.window_ends_at) == (_NOW, False, _NOW + _WINDOW)


def test_what_comes_within_the_window_goes_at_its_end_and_opens_the_next() -> None:
    slot = next_slot(_NOW, _NOW + timedelta(seconds=30), _WINDOW)
    assert slot.gathered
    assert slot.due_at == _NOW + timedelta(seconds=30)
    assert slot.window_ends_at == slot.due_at + _WINDOW


def test_what_comes_when_the_window_ends_goes_at_once() -> None:
    assert next_slot(_NOW, _NOW, _WINDOW).due_at == _NOW


@given(ends_in=st.integers(-(10**6), 10**6))
def test_nothing_waits_longer_than_a_window_whatever_another_clock_said(ends_in: int) -> None:
    slot = next_slot(_NOW, _NOW + timedelta(seconds=ends_in), _WINDOW)
    assert _NOW <= slot.due_at <= _NOW + _WINDOW
    assert slot.due_at < slot.window_ends_at
