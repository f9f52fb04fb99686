"""Finds the Chromium for the browser tests, or says how to get one."""

import os
import shutil
from pathlib import Path

from scripts.setup import debian
from scripts.setup.problem import SetupProblem

_NAMES = ("chromium", "chromium-browser", "google-chrome")


def find() -> Path | None:
    """The Chromium that PRAXISPOST_CHROMIUM names, or the system's."""
    given = os.environ.get("PRAXISPOST_CHROMIUM")
    if given:
        return Path(given)
    found = (shutil.which(name) for name in _NAMES)
    return next((Path(each) for each in found if each), None)


def chromium() -> Path:
    """The same; refuses where there is none."""
    found = find()
    if found is None:
        raise SetupProblem(
            "The browser tests need Chromium. Install it (Debian: apt-get install chromium), or name one:\n"
            "PRAXISPOST_CHROMIUM=/path/to/chromium"
        )
    return found


def missing() -> list[str]:
    """The packages of Debian's to install; refuses where that can't be done."""
    if find() is None and debian.can_install():
        return ["chromium"]
    chromium()
    return []
