"""`make story`: plays the main job against the system that runs, or against one of its own."""

import sys

from deploy.local import address_book
from deploy.local.address_book import AddressBook
from deploy.local.system import RUN_FOLDER, temporary_system
from tests.story.play import StepFailed, play, report_latency
from tests.story.stage import stage_on


def _tell(text: str) -> None:
    print(text, flush=True)


def _play_on(book: AddressBook) -> int:
    with stage_on(book) as stage:
        try:
            report_latency(play(stage, _tell), _tell)
        except StepFailed:
            return 1
    return 0


def main() -> int:
    """The exit code: 0 where every step did what it says."""
    running = address_book.find(RUN_FOLDER)
    if running is not None:
        _tell(f"on the system that runs on {running.folder}")
        return _play_on(running)
    _tell("no system runs (make run starts one): starting one for this play")
    with temporary_system() as system:
        return _play_on(system.address_book)


if __name__ == "__main__":
    sys.exit(main())
