"""Plays the story's steps in order and prints each with what was observed."""

from __future__ import annotations

import time
from collections.abc import Callable

import grpc

from tests.story.callers import refused
from tests.story.cast import Stage
from tests.story.hard_cases import HARD_CASES
from tests.story.latency import WANTED_P95_SECONDS, measure
from tests.story.steps import STEPS, Play

Tell = Callable[[str], None]


class StepFailed(Exception):
    """A step did not do or observe what it says."""


def play(stage: Stage, tell: Tell) -> Play:
    """All steps; ends with StepFailed at the first that fails, since most build on those before."""
    playing = Play(stage)
    for number, step in enumerate((*STEPS, *HARD_CASES), 1):
        title = (step.__doc__ or step.__name__).rstrip(".")
        started = time.monotonic()
        try:
            observed = step(playing)
        except (AssertionError, grpc.RpcError) as error:
            why = refused(error) if isinstance(error, grpc.RpcError) else error
            tell(f"✗ {number:2} {title}\n     failed: {why}")
            raise StepFailed(step.__name__) from error
        tell(f"✓ {number:2} {title}\n     {observed} ({time.monotonic() - started:.1f} s)")
    return playing


def report_latency(playing: Play, tell: Tell) -> None:
    """Says how long it takes from the send to the mail server's acceptance; never judges."""
    measured = measure(playing.practice, playing.physician)
    met = "met" if measured.p95 <= WANTED_P95_SECONDS else "MISSED"
    tell(
        f"· send → mail server's 250, idle, {measured.count} messages:"
        f" median {measured.median * 1000:.0f} ms, p95 {measured.p95 * 1000:.0f} ms"
        f" (wanted ≤ {WANTED_P95_SECONDS * 1000:.0f} ms: {met})"
    )
