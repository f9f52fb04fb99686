"""Finds Prometheus and promtool for the checks of rules and dashboards, or says how to get them."""

import shutil
from pathlib import Path

from scripts.setup import debian
from scripts.setup.problem import SetupProblem


def find(name: str) -> Path:
    """`prometheus` or `promtool`; refuses where there is none."""
    found = shutil.which(name)
    if found is None:
        raise SetupProblem(
            f"Rules and dashboards are checked with {name}. Install it (Debian: apt-get install prometheus)."
        )
    return Path(found)


def missing() -> list[str]:
    """The packages of Debian's to install; refuses where that can't be done."""
    if shutil.which("promtool") is None and debian.can_install():
        return ["prometheus"]
    find("promtool")
    return []
