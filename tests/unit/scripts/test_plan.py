"""No test is left out."""

from pathlib import Path

from scripts.setup.layout import ROOT
from scripts.suite.plan import ALL, BROWSER
from scripts.suite.steps import Step


def looked_through(step: Step) -> set[Path]:
    paths = {ROOT / each for each in step.command[1:] if each.startswith("tests/")}
    return {file for path in paths for file in ([path] if path.is_file() else path.rglob("test_*.py"))}


def test_every_test_is_a_part_of_make_test_or_of_make_browser() -> None:
    tests = set((ROOT / "tests").rglob("test_*.py"))
    assert tests == {file for step in (*ALL, *BROWSER) for file in looked_through(step)}


def test_names_of_steps_are_unique() -> None:
    names = [step.name for step in ALL]
    assert len(names) == len(set(names))
