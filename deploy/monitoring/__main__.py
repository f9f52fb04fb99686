"""Writes rules and dashboards into the chart's files."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import yaml

from deploy.local.processes import ROOT
from deploy.monitoring.dashboards import dashboard_json
from deploy.monitoring.panels import DASHBOARDS
from deploy.monitoring.rules import rules

FILES: Final = ROOT / "deploy" / "helm" / "praxispost" / "files"


def wanted() -> Mapping[Path, str]:
    """Each file with its content."""
    made = {
        FILES / "rules" / "praxispost.yaml": yaml.safe_dump(
            rules(), sort_keys=False, width=1000, allow_unicode=True
        )
    }
    for each in DASHBOARDS:
        made[FILES / "dashboards" / f"{each.name}.json"] = dashboard_json(each)
    return made


def main() -> int:
    """Write what differs."""
    for file, content in wanted().items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    return 0


if __name__ == "__main__":
    sys.exit(main())
