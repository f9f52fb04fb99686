"""`make run`: the whole system with a demonstration practice, until Ctrl-C."""

import argparse
import signal
import sys
import threading
import time
from types import FrameType

from deploy.local import demonstration, screen
from deploy.local.data_folder import DataFolder, FolderInUse
from deploy.local.demonstration import Demonstration
from deploy.local.processes import ProcessFailed
from deploy.local.seed import SeedingFailed, seed
from deploy.local.system import RUN_FOLDER, System

_LOOK_EVERY_SECONDS = 0.5
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _ToldToEnd(Exception):
    """A signal asks to end."""


def _on_signal(number: int, _: FrameType | None) -> None:
    # Once is enough: a second Ctrl-C must not leave half of the processes behind.
    for each in _ENDING:
        signal.signal(each, signal.SIG_IGN)
    raise _ToldToEnd(signal.Signals(number).name)


def _tell(text: str) -> None:
    print(text, flush=True)


def _run(data: DataFolder) -> int:
    begun = time.monotonic()
    system = System(data, _tell)
    try:
        system.start()
        made = _demonstration(system)
        _tell(screen.overview(system.address_book, made, seconds=time.monotonic() - begun))
        _watch(system)
    except _ToldToEnd:
        _tell("\nending")
    except (ProcessFailed, SeedingFailed) as failure:
        print(failure, file=sys.stderr)
        return 1
    finally:
        for each in _ENDING:
            signal.signal(each, signal.SIG_IGN)
        system.stop()
    _tell(f"ended; the data are kept in {data.path}")
    return 0


def _demonstration(system: System) -> Demonstration:
    known = demonstration.read(system.data.path)
    if known is not None:
        return known
    _tell("making the demonstration practice")
    caught = system.stores.catcher.client()
    try:
        made = seed(system.address_book, caught)
    finally:
        caught.close()
    made.write(system.data.path)
    return made


def _watch(system: System) -> None:
    """Say of every process that dies that it did, until a signal ends this."""
    reported: set[str] = set()
    never = threading.Event()
    while True:
        for process in system.died():
            if process.name not in reported:
                reported.add(process.name)
                print(process.failure("has died; everything else goes on"), file=sys.stderr, flush=True)
        never.wait(_LOOK_EVERY_SECONDS)


def main() -> int:
    arguments = argparse.ArgumentParser(prog="python -m deploy.local.run", description=__doc__)
    arguments.add_argument("--fresh", action="store_true", help="begin with no data")
    given = arguments.parse_args()
    try:
        data = DataFolder.open(RUN_FOLDER, fresh=given.fresh)
    except FolderInUse as problem:
        print(problem, file=sys.stderr)
        return 1
    for each in _ENDING:
        signal.signal(each, _on_signal)
    return _run(data)


if __name__ == "__main__":
    sys.exit(main())
