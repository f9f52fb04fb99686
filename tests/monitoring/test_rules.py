"""Each alert fires when it should, keeps silent when it should, and has its page."""

import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.local.processes import ROOT
from deploy.monitoring.__main__ import FILES, wanted
from deploy.monitoring.alerts import alerts
from scripts.setup.prometheus import find
from tests.monitoring.cases import CASES, Case, Series

_RUNBOOKS = ROOT / "docs" / "runbooks"
_RULES = FILES / "rules" / "praxispost.yaml"
_SECTIONS = ("## What it means", "## Look", "## Do")


def _promtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([find("promtool"), *arguments], capture_output=True, text=True, check=False)


def _input(series: Series) -> list[dict[str, str]]:
    return [{"series": name, "values": values} for name, values in series.items()]


def _firing(tmp_path: Path, case: Case, series: Series) -> set[tuple[str, str]]:
    """The alerts that fire: promtool tells them where none is expected."""
    tests: dict[str, Any] = {
        "rule_files": [str(_RULES)],
        "evaluation_interval": case.step,
        "tests": [
            {
                "interval": case.step,
                "input_series": _input(series),
                "alert_rule_test": [{"eval_time": case.after, "alertname": case.alert, "exp_alerts": []}],
            }
        ],
    }
    file = tmp_path / "test.yaml"
    file.write_text(yaml.safe_dump(tests))
    ended = _promtool("test", "rules", str(file))
    output = ended.stdout + ended.stderr
    assert "parse" not in output, output
    return (
        {(case.alert, severity) for severity in ("page", "ticket") if f'severity="{severity}"' in output}
        if ended.returncode
        else set()
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.alert}-{case.severity}")
def test_it_fires_when_it_should_and_not_otherwise(case: Case, tmp_path: Path) -> None:
    assert (case.alert, case.severity) in _firing(tmp_path, case, case.fires)
    assert (case.alert, case.severity) not in _firing(tmp_path, case, case.silent)


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
