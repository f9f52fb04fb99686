"""Prometheus' rules: each objective's ratio per window, and the alerts."""

from collections.abc import Mapping, Sequence
from typing import Any

from deploy.monitoring.alerts import WINDOWS, Alert, alerts
from deploy.monitoring.objectives import OBJECTIVES

Rules = Mapping[str, Sequence[Mapping[str, Any]]]


def rules() -> Rules:
    """The content of a rules file."""
    return {
        "groups": [
            {"name": "praxispost-objectives", "rules": _records()},
            {"name": "praxispost-alerts", "rules": [_alert(each) for each in alerts()]},
        ]
    }


def _records() -> list[Mapping[str, Any]]:
    return [
        {"record": each.record(window), "expr": each.ratio(window)}
        for each in OBJECTIVES
        for window in WINDOWS
    ]


def _alert(alert: Alert) -> Mapping[str, Any]:
    return {
        "alert": alert.name,
        "expr": alert.expression,
        "for": alert.holds,
        "labels": {"severity": alert.severity},
        # The chart puts the place where an operator keeps the pages before it.
        "annotations": {"summary": alert.summary, "runbook_url": f"docs/runbooks/{alert.name}.md"},
    }
