"""When a prompt goes: at once, or at the end of the window that the one before it opened."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Slot:
    """When a new letter is due; `gathered`: it gathers what comes until then."""

    due_at: datetime
    gathered: bool
    window_ends_at: datetime


def next_slot(now: datetime, window_ends_at: datetime | None, window: timedelta) -> Slot:
    """The slot of a letter for something that came now. Each letter opens a window when it goes."""
    if window_ends_at is None or window_ends_at <= now:
        return Slot(now, gathered=False, window_ends_at=now + window)
    # Not longer than a window away, even if another process' clock or setting said so.
    due_at = min(window_ends_at, now + window)
    return Slot(due_at, gathered=True, window_ends_at=due_at + window)
