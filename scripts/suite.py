"""`make test`, `make lint`, `make types`: runs the checks in turn and counts what became of them."""

import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.setup.layout import BUILD, PROTOS, ROOT, VENV

_CODE = ("chassis", "deploy", "scripts", "services", "tests")
_REPORTS = BUILD / "test"


@dataclass(frozen=True, slots=True)
class Outcome:
    passed: int
    failed: int

    def __add__(self, other: "Outcome") -> "Outcome":
        return Outcome(self.passed + other.passed, self.failed + other.failed)


@dataclass(frozen=True, slots=True)
class Step:
    name: str
    run: Callable[[], Outcome]


def _command(name: str, *command: str, cwd: Path = ROOT) -> Step:
    def run() -> Outcome:
        ended = subprocess.run([VENV / "bin" / command[0], *command[1:]], cwd=cwd, check=False)
        return Outcome(passed=1, failed=0) if ended.returncode == 0 else Outcome(passed=0, failed=1)

    return Step(name, run)


def _pytest(name: str, *arguments: str) -> Step:
    def run() -> Outcome:
        report = _REPORTS / f"{name}.xml"
        report.unlink(missing_ok=True)
        command = [str(VENV / "bin" / "pytest"), f"--junit-xml={report}", *arguments]
        ended = subprocess.run(command, cwd=ROOT, check=False)
        counted = _count(report) if report.exists() else Outcome(passed=0, failed=0)
        # A run that broke off, or found no test, must not pass for want of a failure.
        silent_failure = ended.returncode != 0 and counted.failed == 0
        return counted + Outcome(passed=0, failed=1 if silent_failure else 0)

    return Step(name, run)


def _count(report: Path) -> Outcome:
    passed = failed = 0
    for suite in ET.parse(report).getroot().iter("testsuite"):
        broken = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        failed += broken
        passed += int(suite.get("tests", 0)) - broken - int(suite.get("skipped", 0))
    return Outcome(passed, failed)


LINT = (
    _command("ruff", "ruff", "check", "--quiet", "."),
    _command("format", "ruff", "format", "--quiet", "--check", "."),
    _command("imports", "lint-imports", "--no-logo"),
    _command("contracts", "buf", "lint", cwd=PROTOS),
)
TYPES = (_command("types", "mypy", *_CODE),)
TESTS = (
    _pytest("unit", "tests/unit"),
    _pytest("integration", "tests/integration"),
    # nameko's test helpers want a process that eventlet has patched, in which asyncio's tests can't run.
    _pytest("nameko", "--config-file=tests/nameko/pytest.ini", "tests/nameko"),
    _pytest("story", "--capture=no", "tests/story"),
)
_WHOLE = {"all": (*LINT, *TYPES, *TESTS), "lint": LINT, "types": TYPES}


def run(steps: Sequence[Step]) -> Outcome:
    _REPORTS.mkdir(parents=True, exist_ok=True)
    total = Outcome(passed=0, failed=0)
    summary: list[str] = []
    for step in steps:
        print(f"\n=== {step.name}", flush=True)
        begun = time.monotonic()
        outcome = step.run()
        total += outcome
        took = time.monotonic() - begun
        summary.append(f"{step.name:12} {outcome.passed:5} passed {outcome.failed:5} failed {took:7.1f} s")
    print("\n" + "\n".join(summary))
    print(f"\n{total.passed} passed, {total.failed} failed", flush=True)
    return total


def main() -> int:
    wanted = sys.argv[1] if len(sys.argv) > 1 else "all"
    return 1 if run(_WHOLE[wanted]).failed else 0


if __name__ == "__main__":
    sys.exit(main())
