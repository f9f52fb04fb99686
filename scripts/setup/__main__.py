"""`make setup`: brings the checkout up to date, step by step, skipping what already is."""

import argparse
import fcntl
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from scripts.setup import broker, browser, debian, prometheus, protos, venv
from scripts.setup.layout import BUILD
from scripts.setup.problem import SetupProblem

_OLDEST = (3, 11)


@contextmanager
def _alone() -> Iterator[None]:
    """Two set-ups of one checkout take turns."""
    (BUILD / "setup").mkdir(parents=True, exist_ok=True)
    with (BUILD / "setup" / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _set_up(anew: str | None, *, with_browser: bool, with_prometheus: bool) -> None:
    if sys.version_info < _OLDEST:
        raise SetupProblem(
            "Praxispost needs Python 3.11 or newer; `make PYTHON=python3.12` names another one."
        )
    with _alone(), ThreadPoolExecutor(1) as beside:
        debian.install(venv.missing())
        # Both take half a minute on a new machine, and neither needs the other.
        wanted = _missing(with_browser=with_browser, with_prometheus=with_prometheus)
        installed = beside.submit(debian.install, wanted)
        venv.ensure()
        if anew == "protos":
            protos.anew()
        else:
            protos.ensure()
        installed.result()
        if left := _missing(with_browser=with_browser, with_prometheus=with_prometheus):
            raise SetupProblem(f"{' and '.join(left)} is installed, but its program was not found.")


def _missing(*, with_browser: bool, with_prometheus: bool) -> list[str]:
    return [
        *broker.missing(),
        *(browser.missing() if with_browser else []),
        *(prometheus.missing() if with_prometheus else []),
    ]


def main() -> int:
    arguments = argparse.ArgumentParser(prog="python -m scripts.setup", description=__doc__)
    arguments.add_argument("--anew", choices=["protos"], help="do this step even if it is up to date")
    arguments.add_argument("--browser", action="store_true", help="also what the browser tests need")
    arguments.add_argument("--prometheus", action="store_true", help="also what rules are checked with")
    given = arguments.parse_args()
    try:
        _set_up(given.anew, with_browser=given.browser, with_prometheus=given.prometheus)
    except SetupProblem as problem:
        print(f"setup: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
