"""Waits for a fact instead of for a while."""

import time
from collections.abc import Callable

_LOOK_EVERY_SECONDS = 0.05


class NotInTime(Exception):
    """What was waited for did not come true in time."""


def until(fact: Callable[[], bool], what: str, seconds: float) -> None:
    """Look until `fact` is true; refuses with NotInTime, which names `what`, after so many seconds."""
    end = time.monotonic() + seconds
    while not fact():
        if time.monotonic() > end:
            raise NotInTime(f"{what}: not within {seconds:g} s")
        time.sleep(_LOOK_EVERY_SECONDS)
