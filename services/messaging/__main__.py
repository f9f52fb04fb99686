"""Starts one process of messaging: api, worker, intake, migrate, or one of its commands."""

import asyncio
import os
import sys
from collections.abc import Coroutine, Mapping, Sequence
from typing import Final

from chassis.kinds import Start, settings_of, start_kind
from services.messaging.bindings import SERVICE


def _api(arguments: Sequence[str]) -> None:
    from chassis.api_processes import run_api
    from services.messaging.settings import ApiSettings

    settings = settings_of(ApiSettings, SERVICE, "api")

    def serve(stop: asyncio.Event) -> Coroutine[None, None, None]:
        from services.messaging import api

        return api.run(settings, stop)

    run_api(settings, SERVICE, serve)


def _worker(arguments: Sequence[str]) -> None:
    from chassis.process import run
    from services.messaging import worker
    from services.messaging.settings import WorkerSettings

    settings = settings_of(WorkerSettings, SERVICE, "worker")
    run(lambda stop: worker.run(settings, stop))


def _intake(arguments: Sequence[str]) -> None:
    from services.messaging import intake

    intake.main(os.environ)


def _migrate(arguments: Sequence[str]) -> None:
    from services.messaging import migrate
    from services.messaging.settings import MigrateSettings

    settings = settings_of(MigrateSettings, SERVICE, "migrate")
    migrate.run(settings)


def _rewrap_keys(arguments: Sequence[str]) -> None:
    from chassis.rewrapping import RewrapSettings, rewrap

    rewrap(settings_of(RewrapSettings, SERVICE, "rewrap-keys"))


def _settle_restored(arguments: Sequence[str]) -> None:
    from services.messaging.withdrawals import restored

    asyncio.run(restored.run(settings_of(restored.RestoredSettings, SERVICE, "settle-restored")))


def _await_schema(arguments: Sequence[str]) -> None:
    from chassis.schema import SchemaSettings, await_schema
    from services.messaging.migrate import MIGRATIONS

    await_schema(settings_of(SchemaSettings, SERVICE, "await-schema"), MIGRATIONS)


def _dead_letters(arguments: Sequence[str]) -> None:
    from services.messaging import dead_letters

    asyncio.run(dead_letters.run(os.environ, arguments))


_KINDS: Final[Mapping[str, Start]] = {
    "api": _api,
    "worker": _worker,
    "intake": _intake,
    "migrate": _migrate,
    "await-schema": _await_schema,
    "rewrap-keys": _rewrap_keys,
    "settle-restored": _settle_restored,
    "dead-letters": _dead_letters,
}


def main(arguments: Sequence[str]) -> None:
    """Start the kind of process that is named first."""
    start_kind("services.messaging", _KINDS, arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
