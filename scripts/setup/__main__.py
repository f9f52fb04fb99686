"""`make setup`: brings the checkout up to date, step by step, skipping what already is."""

import argparse
import fcntl
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final

from scripts import images
from scripts.setup import broker, browser, debian, prometheus, protos, scanner, venv
from scripts.setup.layout import BUILD
from scripts.setup.problem import SetupProblem

_OLDEST = (3, 11)
# What only some targets need of the system's packages.
_EXTRAS: Final = {
    "browser": browser.missing,
    "prometheus": prometheus.missing,
    "images": images.missing,
    "scanner": scanner.missing,
}


@contextmanager
def _alone() -> Iterator[None]:
    """Two set-ups of one checkout take turns."""
    (BUILD / "setup").mkdir(parents=True, exist_ok=True)
    with (BUILD / "setup" / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _set_up(anew: str | None, extras: Sequence[str]) -> None:
    if sys.version_info < _OLDEST:
        raise SetupProblem(
            "Praxispost needs Python 3.11 or newer; `make PYTHON=python3.12` names another one."
        )
    with _alone(), ThreadPoolExecutor(1) as beside:
        debian.install(venv.missing())
        # Both take half a minute on a new machine, and neither needs the other.
        installed = beside.submit(debian.install, _missing(extras))
        venv.ensure()
        if anew == "protos":
            protos.anew()
        else:
            protos.ensure()
        installed.result()
        if left := _missing(extras):
            raise SetupProblem(f"{' and '.join(left)} is installed, but its program was not found.")


def _missing(extras: Sequence[str]) -> list[str]:
    return [*broker.missing(), *(package for extra in extras for package in _EXTRAS[extra]())]


def main() -> int:
    arguments = argparse.ArgumentParser(prog="python -m scripts.setup", description=__doc__)
    arguments.add_argument("--anew", choices=["protos"], help="do this step even if it is up to date")
    for extra in _EXTRAS:
        arguments.add_argument(
            f"--{extra}",
            action="append_const",
            dest="extras",
            const=extra,
            default=[],
            help="what it needs, too",
        )
    given = arguments.parse_args()
    try:
        _set_up(given.anew, given.extras)
    except SetupProblem as problem:
        print(f"setup: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
