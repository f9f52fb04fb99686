"""Starts one process of identity: api, worker, intake, migrate, or one of the operator's commands."""

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from chassis.kinds import Start, settings_of, start_kind

if TYPE_CHECKING:
    from services.identity.settings import CommandSettings

_SERVICE: Final = "identity"


def _api(arguments: Sequence[str]) -> None:
    from chassis.api_processes import run_api
    from services.identity.settings import ApiSettings

    settings = settings_of(ApiSettings, _SERVICE, "api")

    def serve(stop: asyncio.Event) -> Coroutine[None, None, None]:
        from services.identity import api

        return api.run(settings, stop)

    run_api(settings, _SERVICE, serve)


def _worker(arguments: Sequence[str]) -> None:
    from chassis.process import run
    from services.identity import worker
    from services.identity.settings import WorkerSettings

    settings = settings_of(WorkerSettings, _SERVICE, "worker")
    run(lambda stop: worker.run(settings, stop))


def _intake(arguments: Sequence[str]) -> None:
    from services.identity import intake

    intake.main(os.environ)


def _migrate(arguments: Sequence[str]) -> None:
    from services.identity import migrate
    from services.identity.settings import MigrateSettings

    settings = settings_of(MigrateSettings, _SERVICE, "migrate")
    migrate.run(settings)


def _rewrap_keys(arguments: Sequence[str]) -> None:
    from chassis.rewrapping import RewrapSettings, rewrap

    rewrap(settings_of(RewrapSettings, _SERVICE, "rewrap-keys"))


def _settle_restored(arguments: Sequence[str]) -> None:
    from services.identity.account_changes import restored

    asyncio.run(restored.run(settings_of(restored.RestoredSettings, _SERVICE, "settle-restored")))


def _await_schema(arguments: Sequence[str]) -> None:
    from chassis.schema import SchemaSettings, await_schema
    from services.identity.migrate import MIGRATIONS

    await_schema(settings_of(SchemaSettings, _SERVICE, "await-schema"), MIGRATIONS)


def _dead_letters(arguments: Sequence[str]) -> None:
    from services.identity import dead_letters

    asyncio.run(dead_letters.run(os.environ, arguments))


def _service_account(arguments: Sequence[str]) -> None:
    from services.identity.commands import service_account

    _carry_out(service_account, arguments)


def _create_practice(arguments: Sequence[str]) -> None:
    from services.identity.commands import create_practice

    _carry_out(create_practice, arguments)


def _carry_out(
    command: Callable[["CommandSettings", Sequence[str]], Coroutine[None, None, None]],
    arguments: Sequence[str],
) -> None:
    from services.identity.commands import CommandFailed
    from services.identity.settings import CommandSettings

    settings = settings_of(CommandSettings, _SERVICE, "command")
    try:
        asyncio.run(command(settings, arguments))
    except CommandFailed as failure:
        sys.exit(str(failure))


_KINDS: Final[Mapping[str, Start]] = {
    "api": _api,
    "worker": _worker,
    "intake": _intake,
    "migrate": _migrate,
    "await-schema": _await_schema,
    "rewrap-keys": _rewrap_keys,
    "settle-restored": _settle_restored,
    "dead-letters": _dead_letters,
    "service-account": _service_account,
    "create-practice": _create_practice,
}


def main(arguments: Sequence[str]) -> None:
    """Start the kind of process that is named first."""
    start_kind("services.identity", _KINDS, arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
