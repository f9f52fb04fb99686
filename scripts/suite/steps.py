"""One step of the suite: a program of .venv, run to its end, and what its end says."""

import subprocess
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from scripts.setup.layout import BUILD, ROOT, VENV

REPORTS = BUILD / "test"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many tests, or other checks, passed and failed."""

    passed: int
    failed: int

    def __add__(self, other: "Outcome") -> "Outcome":
        return Outcome(self.passed + other.passed, self.failed + other.failed)


FAILED = Outcome(passed=0, failed=1)
PASSED = Outcome(passed=1, failed=0)


@dataclass(frozen=True, slots=True)
class Step:
    """`report` is where the program leaves the count of its tests (JUnit's XML); without one it counts as
    one check."""

    name: str
    command: tuple[str, ...]
    folder: Path = ROOT
    report: Path | None = None

    def run(self, output: IO[str]) -> Outcome:
        """Run it, with all that it says into a file; raises OSError where there is no such program."""
        if self.report is not None:
            self.report.unlink(missing_ok=True)
        ended = subprocess.run(
            self.command,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
        if self.report is None:
            return PASSED if ended.returncode == 0 else FAILED
        counted = _count(self.report)
        # A run that broke off, or found no test, must not pass for want of a failure.
        broke_off = ended.returncode != 0 or counted.passed == 0
        return counted + FAILED if broke_off and counted.failed == 0 else counted


def command(name: str, *arguments: str, folder: Path = ROOT) -> Step:
    """A program of .venv and its arguments."""
    return Step(name, (str(VENV / "bin" / arguments[0]), *arguments[1:]), folder)


def pytest(name: str, *arguments: str) -> Step:
    """A run of pytest with a cache of its own, since several may run at once."""
    report, cache = REPORTS / f"{name}.xml", REPORTS / "caches" / name
    options = (f"--junit-xml={report}", f"--override-ini=cache_dir={cache}")
    return Step(name, (str(VENV / "bin" / "pytest"), *options, *arguments), report=report)


def _count(report: Path) -> Outcome:
    try:
        suites = ET.parse(report).getroot().iter("testsuite")
    except (FileNotFoundError, ET.ParseError):  # it ended before, or while, it wrote the report
        return Outcome(passed=0, failed=0)
    total = Outcome(passed=0, failed=0)
    for suite in suites:
        failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        skipped = int(suite.get("skipped", 0))
        total += Outcome(int(suite.get("tests", 0)) - failed - skipped, failed)
    return total
