"""Each alert fires when it should, keeps silent when it should, and has its page."""

import re
import subprocess
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import yaml

from deploy.local.processes import ROOT
from deploy.monitoring.__main__ import FILES, wanted
from deploy.monitoring.alerts import alerts
from scripts.setup.prometheus import find
from tests.monitoring.cases import CASES, Case, Series

_RUNBOOKS = ROOT / "docs" / "runbooks"
_RULES = FILES / "rules" / "praxispost.yaml"
# The alerts' severities by their name and the moment at which one looks, as promtool writes it.
Fired: TypeAlias = dict[tuple[str, str], set[str]]
_GOT = re.compile(r"alertname: (\w+), time: (\w+),.*?got:\[(.*?)\]", re.DOTALL)
_SEVERITY = re.compile(r'severity="(\w+)"')
_SECTIONS = ("## What it means", "## Look", "## Do")


def _promtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([find("promtool"), *arguments], capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def firing(tmp_path_factory: pytest.TempPathFactory) -> Fired:
    """What fires of each case's series that should make its alert fire."""
    return _fired(tmp_path_factory.mktemp("firing"), lambda case: case.fires)


@pytest.fixture(scope="module")
def silent(tmp_path_factory: pytest.TempPathFactory) -> Fired:
    """What fires of each case's series that should not."""
    return _fired(tmp_path_factory.mktemp("silent"), lambda case: case.silent)


def _fired(folder: Path, series_of: Callable[[Case], Series]) -> Fired:
    """All cases in one run, a file for each pace. No alert is expected, so promtool names all there are."""
    groups = [group["name"] for group in yaml.safe_load(_RULES.read_text())["groups"]]
    files = []
    for step in sorted({case.step for case in CASES}):
        tests = [_test(case, series_of(case)) for case in CASES if case.step == step]
        files.append(folder / f"{step}.yaml")
        content = {
            "rule_files": [str(_RULES)],
            # An alert that is looked at before what it is made of does not see it at the longer pace.
            "group_eval_order": groups,
            "evaluation_interval": step,
            "tests": tests,
        }
        files[-1].write_text(yaml.safe_dump(content))
    ended = _promtool("test", "rules", *map(str, files))
    output = ended.stdout + ended.stderr
    assert "parse" not in output, output
    found: Fired = defaultdict(set)
    for name, after, got in _GOT.findall(output):
        found[name, after] |= set(_SEVERITY.findall(got))
    return found


def _test(case: Case, series: Series) -> dict[str, Any]:
    return {
        "interval": case.step,
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "alert_rule_test": [{"eval_time": case.after, "alertname": case.alert, "exp_alerts": []}],
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.alert}-{case.severity}")
def test_it_fires_when_it_should_and_not_otherwise(case: Case, firing: Fired, silent: Fired) -> None:
    assert case.severity in firing[case.alert, case.after]
    assert case.severity not in silent[case.alert, case.after]


def test_each_alert_has_its_case() -> None:
    assert Counter((each.name, each.severity) for each in alerts()) == Counter(
        (case.alert, case.severity) for case in CASES
    )


def test_each_alert_has_its_page_and_no_page_is_left_over() -> None:
    pages = {file.stem: file.read_text() for file in _RUNBOOKS.glob("*.md")}
    assert set(pages) == {each.name for each in alerts()}
    for name, text in pages.items():
        assert text.startswith(f"# {name}\n"), name
        assert all(section in text for section in _SECTIONS), name


def test_the_charts_files_are_up_to_date() -> None:
    stale = [file.name for file, content in wanted().items() if file.read_text() != content]
    assert stale == [], "run python -m deploy.monitoring"
    there = {file for file in FILES.rglob("*") if file.is_file()}
    assert there == set(wanted())


def test_prometheus_takes_the_rules() -> None:
    checked = _promtool("check", "rules", str(_RULES))
    assert checked.returncode == 0, checked.stdout + checked.stderr
