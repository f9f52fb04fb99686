"""Waits for facts instead of for a while, and for several things at once."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

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


def together(*tasks: Callable[[], object]) -> None:
    """Do all at the same time, wait for all of them, then raise the first of what went wrong."""
    with ThreadPoolExecutor(max_workers=len(tasks) or 1) as pool:
        for doing in [pool.submit(task) for task in tasks]:
            doing.result()
