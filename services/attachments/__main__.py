"""Starts one process of attachments: api, worker, migrate, or the command collect."""

import asyncio
import sys
from collections.abc import Coroutine, Mapping, Sequence
from typing import Final

from chassis.kinds import Start, settings_of, start_kind

_SERVICE: Final = "attachments"


def _api(arguments: Sequence[str]) -> None:
    from chassis.api_processes import run_api
    from services.attachments.settings import ApiSettings

    settings = settings_of(ApiSettings, _SERVICE, "api")

    def serve(stop: asyncio.Event) -> Coroutine[None, None, None]:
        from services.attachments import api

        return api.run(settings, stop)

    run_api(settings, _SERVICE, serve)


def _worker(arguments: Sequence[str]) -> None:
    from chassis.process import run
    from services.attachments import worker
    from services.attachments.settings import WorkerSettings

    settings = settings_of(WorkerSettings, _SERVICE, "worker")
    run(lambda stop: worker.run(settings, stop))


def _collect(arguments: Sequence[str]) -> None:
    from services.attachments import worker
    from services.attachments.settings import WorkerSettings

    settings = settings_of(WorkerSettings, _SERVICE, "collect")
    asyncio.run(worker.collect_once(settings))


def _migrate(arguments: Sequence[str]) -> None:
    from services.attachments import migrate
    from services.attachments.settings import MigrateSettings

    settings = settings_of(MigrateSettings, _SERVICE, "migrate")
    migrate.run(settings)


def _rewrap_keys(arguments: Sequence[str]) -> None:
    from chassis.rewrapping import RewrapSettings, rewrap

    rewrap(settings_of(RewrapSettings, _SERVICE, "rewrap-keys"))


def _await_schema(arguments: Sequence[str]) -> None:
    from chassis.schema import SchemaSettings, await_schema
    from services.attachments.migrate import MIGRATIONS

    await_schema(settings_of(SchemaSettings, _SERVICE, "await-schema"), MIGRATIONS)


_KINDS: Final[Mapping[str, Start]] = {
    "api": _api,
    "worker": _worker,
    "migrate": _migrate,
    "await-schema": _await_schema,
    "rewrap-keys": _rewrap_keys,
    "collect": _collect,
}


def main(arguments: Sequence[str]) -> None:
    """Start the kind of process that is named first."""
    start_kind("services.attachments", _KINDS, arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
