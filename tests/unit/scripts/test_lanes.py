"""Whatever becomes of one step of the suite, all are run, and no failure is lost."""

import sys
from pathlib import Path

import pytest

from scripts.suite.lanes import Ended, Lanes
from scripts.suite.steps import FAILED, PASSED, Outcome, Step

LANES = pytest.mark.parametrize("lanes", [1, 2])
REPORT = '<testsuites><testsuite tests="5" failures="1" errors="1" skipped="1"/></testsuites>'


def python(name: str, program: str, report: Path | None = None) -> Step:
    return Step(name, (sys.executable, "-c", program), report=report)


def by_name(ended: list[Ended]) -> dict[str, Outcome]:
    return {each.step.name: each.outcome for each in ended}


@LANES
def test_a_step_that_fails_is_counted_and_the_others_run(tmp_path: Path, lanes: int) -> None:
    steps = [
        python("good", "pass"),
        python("bad", "raise SystemExit(3)"),
        python("killed", "import os; os.kill(os.getpid(), 9)"),
        Step("absent", (str(tmp_path / "no-such-program"),)),
        python("last", "pass"),
    ]
    assert by_name(Lanes(lanes, tmp_path).run(steps)) == {
        "good": PASSED,
        "bad": FAILED,
        "killed": FAILED,
        "absent": FAILED,
        "last": PASSED,
    }


@LANES
def test_tests_are_counted_from_the_report(tmp_path: Path, lanes: int) -> None:
    report = tmp_path / "report.xml"
    write = python("tests", f"open({str(report)!r}, 'w').write({REPORT!r}); raise SystemExit(1)", report)
    assert by_name(Lanes(lanes, tmp_path).run([write])) == {"tests": Outcome(passed=2, failed=2)}


@LANES
@pytest.mark.parametrize("left", ["", "<testsuites><testsuite te"])
def test_a_run_that_broke_off_fails_though_no_report_says_so(tmp_path: Path, lanes: int, left: str) -> None:
    report = tmp_path / "report.xml"
    report.write_text(REPORT)  # an earlier run's
    steps = [python("tests", f"open({str(report)!r}, 'w').write({left!r}); raise SystemExit(2)", report)]
    assert by_name(Lanes(lanes, tmp_path).run(steps)) == {"tests": FAILED}


def test_a_run_that_ends_well_without_a_report_fails(tmp_path: Path) -> None:
    assert by_name(Lanes(2, tmp_path).run([python("tests", "pass", tmp_path / "none.xml")])) == {
        "tests": FAILED
    }


def test_what_a_step_wrote_is_shown_whole_when_it_has_ended(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    talk = (
        "import sys\n"
        "for number in range(3):\n"
        "    print('{0}', number, flush=True)\n"
        "    print('{0} error', file=sys.stderr)\n"
    )
    Lanes(2, tmp_path).run([python(name, talk.format(name)) for name in ("one", "two")])
    shown = capfd.readouterr().out
    for name in ("one", "two"):
        whole = shown.split(f"=== {name}")[1].split("===")[0]
        assert [line for line in whole.splitlines() if "error" not in line][1:4] == [
            f"{name} {number}" for number in range(3)
        ]
        assert whole.count(f"{name} error") == 3


def test_two_lanes_run_two_steps_at_once(tmp_path: Path) -> None:
    """Each waits for the other's sign."""
    meet = "import pathlib; pathlib.Path('{0}').touch()\nwhile not pathlib.Path('{1}').exists(): pass"
    signs = [tmp_path / "one.sign", tmp_path / "two.sign"]
    steps = [python("one", meet.format(*signs)), python("two", meet.format(*reversed(signs)))]
    assert by_name(Lanes(2, tmp_path).run(steps)) == {"one": PASSED, "two": PASSED}
