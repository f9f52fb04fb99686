"""Grafana's dashboards, built from the panels."""

import json
from collections.abc import Iterator
from typing import Final

from grafana_foundation_sdk.builders.dashboard import Dashboard as DashboardBuilder
from grafana_foundation_sdk.builders.dashboard import DatasourceVariable, Row
from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.builders.stat import Panel as StatPanel
from grafana_foundation_sdk.builders.timeseries import Panel as GraphPanel
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import DashboardCursorSync, DataSourceRef

from deploy.monitoring.panels import Dashboard, Panel

_SOURCE: Final = DataSourceRef(type_val="prometheus", uid="${datasource}")
_WHOLE_WIDTH: Final = 24


def dashboard_json(dashboard: Dashboard) -> str:
    """The dashboard as Grafana imports it."""
    builder = (
        DashboardBuilder(dashboard.title)
        .uid(f"praxispost-{dashboard.name}")
        .tags(["praxispost"])
        .refresh("30s")
        .time("now-6h", "now")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .with_variable(DatasourceVariable("datasource").label("Prometheus").type("prometheus"))
    )
    for title, panels in dashboard.rows:
        builder.with_row(Row(title))
        for panel in _built(panels):
            builder.with_panel(panel)
    return json.dumps(builder.build(), cls=JSONEncoder, indent=1, sort_keys=True) + "\n"


def _built(panels: object) -> Iterator[GraphPanel | StatPanel]:
    assert isinstance(panels, tuple)
    span = _WHOLE_WIDTH // min(len(panels), 3)
    for panel in panels:
        yield _panel(panel, span)


def _panel(panel: Panel, span: int) -> GraphPanel | StatPanel:
    made = StatPanel() if panel.single else GraphPanel()
    made.title(panel.title).description(panel.hint).datasource(_SOURCE).unit(panel.unit).span(span).height(8)
    for number, query in enumerate(panel.queries):
        made.with_target(
            Dataquery().expr(query.expression).legend_format(query.legend).ref_id(chr(ord("A") + number))
        )
    if isinstance(made, GraphPanel):
        made.min(0).fill_opacity(10)
    return made
