"""Starts one process of the notifier: api, worker, intake, bounce, migrate, or the command dead-letters."""

import asyncio
import os
import sys
from collections.abc import Coroutine, Mapping, Sequence
from typing import Final

from chassis.kinds import Start, settings_of, start_kind
from services.notifier.bindings import SERVICE


def _api(arguments: Sequence[str]) -> None:
    from chassis.api_processes import run_api
    from services.notifier.settings import ApiSettings

    settings = settings_of(ApiSettings, SERVICE, "api")

    def serve(stop: asyncio.Event) -> Coroutine[None, None, None]:
        from services.notifier import api

        return api.run(settings, stop)

    run_api(settings, SERVICE, serve)


def _worker(arguments: Sequence[str]) -> None:
    from chassis.process import run
    from services.notifier import worker
    from services.notifier.settings import WorkerSettings

    settings = settings_of(WorkerSettings, SERVICE, "worker")
    run(lambda stop: worker.run(settings, stop))


def _intake(arguments: Sequence[str]) -> None:
    from services.notifier import intake

    intake.main(os.environ)


def _bounce(arguments: Sequence[str]) -> None:
    from chassis.process import run
    from services.notifier import bounce
    from services.notifier.settings import BounceSettings

    settings = settings_of(BounceSettings, SERVICE, "bounce")
    run(lambda stop: bounce.run(settings, stop))


def _migrate(arguments: Sequence[str]) -> None:
    from services.notifier import migrate
    from services.notifier.settings import MigrateSettings

    settings = settings_of(MigrateSettings, SERVICE, "migrate")
    migrate.run(settings)


def _await_schema(arguments: Sequence[str]) -> None:
    from chassis.schema import SchemaSettings, await_schema
    from services.notifier.migrate import MIGRATIONS

    await_schema(settings_of(SchemaSettings, SERVICE, "await-schema"), MIGRATIONS)


def _dead_letters(arguments: Sequence[str]) -> None:
    from services.notifier import dead_letters

    asyncio.run(dead_letters.run(os.environ, arguments))


_KINDS: Final[Mapping[str, Start]] = {
    "api": _api,
    "worker": _worker,
    "intake": _intake,
    "bounce": _bounce,
    "migrate": _migrate,
    "await-schema": _await_schema,
    "dead-letters": _dead_letters,
}


def main(arguments: Sequence[str]) -> None:
    """Start the kind of process that is named first."""
    start_kind("services.notifier", _KINDS, arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
