"""Runs steps in lanes: so many at once, each one's output shown whole when it has ended."""

import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from scripts.suite.steps import FAILED, Outcome, Step

_SAY_EVERY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of a step, after so many seconds."""

    step: Step
    outcome: Outcome
    seconds: float

    def __str__(self) -> str:
        return (
            f"{self.step.name:14} {self.outcome.passed:5} passed {self.outcome.failed:5} failed"
            f" {self.seconds:7.1f} s"
        )


class Lanes:
    """Takes the steps in their order into so many lanes; with one lane, output is shown as it comes."""

    def __init__(self, count: int, logs: Path) -> None:
        self._count = count
        self._logs = logs
        self._running: dict[str, float] = {}
        self._all_ended = threading.Event()

    def run(self, steps: Sequence[Step]) -> list[Ended]:
        """Run all of them, whatever becomes of those before."""
        self._logs.mkdir(parents=True, exist_ok=True)
        if self._count == 1:
            return [self._run_in_sight(step) for step in steps]
        threading.Thread(target=self._say_what_runs, daemon=True).start()
        ended = []
        pool = ThreadPoolExecutor(self._count)
        try:
            for each in as_completed([pool.submit(self._run_logged, step) for step in steps]):
                ended.append(each.result())
                self._show(ended[-1])
        finally:
            # Ctrl-C reaches those that run by itself; no further one is begun.
            pool.shutdown(cancel_futures=True)
            self._all_ended.set()
        return ended

    def _run_in_sight(self, step: Step) -> Ended:
        print(f"\n=== {step.name}", flush=True)
        return _run(step, sys.stdout)

    def _run_logged(self, step: Step) -> Ended:
        print(f"--- {step.name} begins", flush=True)
        self._running[step.name] = time.monotonic()
        with self._log(step).open("w") as log:
            ended = _run(step, log)
        del self._running[step.name]
        return ended

    def _show(self, ended: Ended) -> None:
        output = self._log(ended.step).read_text(errors="replace").strip("\n")
        print(f"\n=== {ended}\n{output}\n", flush=True)

    def _say_what_runs(self) -> None:
        while not self._all_ended.wait(_SAY_EVERY_SECONDS):
            now = time.monotonic()
            running = ", ".join(
                f"{name} ({now - begun:.0f} s)" for name, begun in list(self._running.items())
            )
            print(f"--- running: {running}", flush=True)

    def _log(self, step: Step) -> Path:
        return self._logs / f"{step.name}.log"


def _run(step: Step, output: IO[str]) -> Ended:
    begun = time.monotonic()
    try:
        outcome = step.run(output)
    except OSError as error:  # there is no such program
        print(error, file=output, flush=True)
        outcome = FAILED
    return Ended(step, outcome, time.monotonic() - begun)
