"""The dashboards on a real Prometheus: every query is understood, names what is exported, and shows data."""

import json
import re
import subprocess
from collections.abc import Iterator
from typing import Final

import httpx
import promql_parser
import pytest

from deploy.monitoring.__main__ import FILES
from deploy.monitoring.alerts import alerts
from deploy.monitoring.objectives import OBJECTIVES
from deploy.monitoring.panels import DASHBOARDS, Query
from scripts.setup.prometheus import find
from tests.monitoring.watched import RATE_INTERVAL, Watched, watched

_QUERIES: Final = tuple(
    (f"{dashboard.name}: {panel.title}", query)
    for dashboard in DASHBOARDS
    for _, panels in dashboard.rows
    for panel in panels
    for query in panel.queries
)
_METRIC: Final = re.compile(
    r"\b(?:praxispost|grpc_server|grpc_client|http_request|http_requests|process|rabbitmq)_[a-z_]+\b"
)
# Exported with TLS only.
_LATER: Final = frozenset({"praxispost_certificate_expiry_timestamp_seconds"})


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    with watched(tmp_path_factory.mktemp("prometheus")) as started:
        yield started


@pytest.fixture(scope="module")
def exported(live: Watched) -> dict[str, str]:
    """What each process exports."""
    return {
        process: httpx.get(f"{url}/metrics", timeout=10, trust_env=False).text
        for process, url in live.book.metrics.items()
    }


def _plain(query: Query) -> str:
    return query.expression.replace("$__rate_interval", RATE_INTERVAL)


def test_every_query_is_promql() -> None:
    for _, query in _QUERIES:
        promql_parser.parse(_plain(query))


def test_dashboards_are_json_of_the_panels() -> None:
    for dashboard in DASHBOARDS:
        made = json.loads((FILES / "dashboards" / f"{dashboard.name}.json").read_text())
        shown = {target["expr"] for panel in made["panels"] for target in panel.get("targets", [])}
        wanted = {
            query.expression for _, panels in dashboard.rows for panel in panels for query in panel.queries
        }
        assert shown == wanted


def test_what_processes_export_is_well_formed(exported: dict[str, str]) -> None:
    for process, text in exported.items():
        checked = subprocess.run(
            [find("promtool"), "check", "metrics"], input=text, capture_output=True, text=True, check=False
        )
        assert checked.returncode == 0, (process, checked.stdout + checked.stderr)


def test_rules_and_dashboards_name_what_is_exported(live: Watched, exported: dict[str, str]) -> None:
    texts = [*exported.values(), live.broker_metrics()]
    families = set(re.findall(r"^# TYPE (\S+)", "\n".join(texts), re.MULTILINE))
    names = families | {f"{name}_{part}" for name in families for part in ("bucket", "count", "sum")}
    expressions = [query.expression for _, query in _QUERIES]
    expressions += [alert.expression for alert in alerts()]
    expressions += [objective.ratio("5m") for objective in OBJECTIVES]
    named = {name for expression in expressions for name in _METRIC.findall(expression)}
    assert named - names - _LATER == set()


def test_no_label_tells_of_a_person_or_practice(exported: dict[str, str]) -> None:
    uuid = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-")
    for process, text in exported.items():
        assert not uuid.search(text), process
        assert "@" not in text, process


def test_the_number_of_series_is_bounded(exported: dict[str, str]) -> None:
    for process, text in exported.items():
        samples = [line for line in text.splitlines() if line and not line.startswith("#")]
        assert len(samples) < 5_000, process


@pytest.mark.parametrize(("panel", "query"), _QUERIES)
def test_every_panel_shows_data(live: Watched, panel: str, query: Query) -> None:
    assert live.values(_plain(query)), panel
