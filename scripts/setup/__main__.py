"""`make setup`: brings the checkout up to date, step by step, skipping what already is."""

import argparse
import fcntl
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from scripts.setup import broker, browser, protos, venv
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


def _set_up(anew: str | None, *, with_browser: bool) -> None:
    if sys.version_info < _OLDEST:
        raise SetupProblem(
            "Praxispost needs Python 3.11 or newer; `make PYTHON=python3.12` names another one."
        )
    with _alone():
        broker.ensure()
        if with_browser:
            browser.ensure()
        venv.ensure()
        if anew == "protos":
            protos.anew()
        else:
            protos.ensure()


def main() -> int:
    arguments = argparse.ArgumentParser(prog="python -m scripts.setup", description=__doc__)
    arguments.add_argument("--anew", choices=["protos"], help="do this step even if it is up to date")
    arguments.add_argument("--browser", action="store_true", help="also what the browser tests need")
    given = arguments.parse_args()
    try:
        _set_up(given.anew, with_browser=given.browser)
    except SetupProblem as problem:
        print(f"setup: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
