"""Starts one process of the notifier: api, worker, intake, bounce, migrate, or the command dead-letters."""

import asyncio
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from chassis import logs
from chassis.settings import SettingsError, load
from services.notifier.bindings import SERVICE


def _api(arguments: Sequence[str]) -> None:
    from chassis.process import run
    from services.notifier import api
    from services.notifier.settings import ApiSettings

    settings = load(ApiSettings, os.environ)
    logs.configure(SERVICE, "api", settings.log_level)
    run(lambda stop: api.run(settings, stop))


def _worker(arguments: Sequence[str]) -> None:
    from chassis.process import run
    from services.notifier import worker
    from services.notifier.settings import WorkerSettings

    settings = load(WorkerSettings, os.environ)
    logs.configure(SERVICE, "worker", settings.log_level)
    run(lambda stop: worker.run(settings, stop))


def _intake(arguments: Sequence[str]) -> None:
    from services.notifier import intake

    intake.main(os.environ)


def _bounce(arguments: Sequence[str]) -> None:
    from chassis.process import run
    from services.notifier import bounce
    from services.notifier.settings import BounceSettings

    settings = load(BounceSettings, os.environ)
    logs.configure(SERVICE, "bounce", settings.log_level)
    run(lambda stop: bounce.run(settings, stop))


def _migrate(arguments: Sequence[str]) -> None:
    from services.notifier import migrate
    from services.notifier.settings import MigrateSettings

    settings = load(MigrateSettings, os.environ)
    logs.configure(SERVICE, "migrate", settings.log_level)
    migrate.run(settings)


def _dead_letters(arguments: Sequence[str]) -> None:
    from services.notifier import dead_letters

    asyncio.run(dead_letters.run(os.environ, arguments))


_KINDS: Final[Mapping[str, Callable[[Sequence[str]], None]]] = {
    "api": _api,
    "worker": _worker,
    "intake": _intake,
    "bounce": _bounce,
    "migrate": _migrate,
    "dead-letters": _dead_letters,
}


def main(arguments: Sequence[str]) -> None:
    """Start the kind of process that is named first."""
    start = _KINDS.get(arguments[0]) if arguments else None
    if start is None:
        sys.exit(f"usage: python -m services.notifier {'|'.join(_KINDS)}")
    try:
        start(arguments[1:])
    except SettingsError as error:
        sys.exit("\n".join(error.problems))


if __name__ == "__main__":
    main(sys.argv[1:])
