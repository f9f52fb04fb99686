"""Finds ClamAV's clamd for the tests of scanning, or says how to get it."""

import shutil
from pathlib import Path

from scripts.setup import debian
from scripts.setup.problem import SetupProblem

# Debian's sbin is not on everybody's PATH.
_PLACES = (None, "/usr/sbin")


def clamd() -> Path:
    """The program; refuses where there is none."""
    found = _find()
    if found is None:
        raise SetupProblem(
            "The tests of scanning need ClamAV's clamd. Install it (Debian: apt-get install clamav-daemon;\n"
            "it need not run)."
        )
    return found


def missing() -> list[str]:
    """The packages of Debian's to install; refuses where that can't be done."""
    if _find() is None and debian.can_install():
        return ["clamav-daemon"]
    clamd()
    return []


def _find() -> Path | None:
    found = (shutil.which("clamd", path=place) for place in _PLACES)
    return next((Path(each) for each in found if each), None)
