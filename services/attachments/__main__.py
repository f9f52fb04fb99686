"""Starts one process of attachments: api, worker, migrate, or the command collect."""

import asyncio
import os
import sys
from collections.abc import Callable, Mapping
from typing import Final

from chassis import logs
from chassis.settings import SettingsError, load

_SERVICE: Final = "attachments"


def _api() -> None:
    from chassis.process import run
    from services.attachments import api
    from services.attachments.settings import ApiSettings

    settings = load(ApiSettings, os.environ)
    logs.configure(_SERVICE, "api", settings.log_level)
    run(lambda stop: api.run(settings, stop))


def _worker() -> None:
    from chassis.process import run
    from services.attachments import worker
    from services.attachments.settings import WorkerSettings

    settings = load(WorkerSettings, os.environ)
    logs.configure(_SERVICE, "worker", settings.log_level)
    run(lambda stop: worker.run(settings, stop))


def _collect() -> None:
    from services.attachments import worker
    from services.attachments.settings import WorkerSettings

    settings = load(WorkerSettings, os.environ)
    logs.configure(_SERVICE, "collect", settings.log_level)
    asyncio.run(worker.collect_once(settings))


def _migrate() -> None:
    from services.attachments import migrate
    from services.attachments.settings import MigrateSettings

    settings = load(MigrateSettings, os.environ)
    logs.configure(_SERVICE, "migrate", settings.log_level)
    migrate.run(settings)


_KINDS: Final[Mapping[str, Callable[[], None]]] = {
    "api": _api,
    "worker": _worker,
    "migrate": _migrate,
    "collect": _collect,
}


def main(arguments: list[str]) -> None:
    """Start the kind of process that is named."""
    start = _KINDS.get(arguments[0]) if len(arguments) == 1 else None
    if start is None:
        sys.exit(f"usage: python -m services.attachments {'|'.join(_KINDS)}")
    try:
        start()
    except SettingsError as error:
        sys.exit("\n".join(error.problems))


if __name__ == "__main__":
    main(sys.argv[1:])
