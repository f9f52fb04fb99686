"""No test is left out."""

from pathlib import Path

from scripts.setup.layout import ROOT
from scripts.suite.plan import ALL, ONE_BY_ONE
from scripts.suite.steps import Step


def looked_through(step: Step) -> set[Path]:
    paths = {ROOT / each for each in step.command[1:] if each.startswith("tests/")}
    return {file for path in paths for file in ([path] if path.is_file() else path.rglob("test_*.py"))}


def test_every_test_is_a_part_of_a_target() -> None:
    steps = (*ALL, *(step for steps in ONE_BY_ONE.values() for step in steps))
    assert set((ROOT / "tests").rglob("test_*.py")) == {
        file for each in steps for file in looked_through(each)
    }


def test_names_of_steps_are_unique() -> None:
    names = [step.name for step in ALL]
    assert len(names) == len(set(names))
