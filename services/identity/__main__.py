"""Starts one process of identity: api, worker, intake, migrate, or one of the operator's commands."""

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from chassis import logs
from chassis.settings import SettingsError, load

if TYPE_CHECKING:
    from services.identity.settings import CommandSettings

_SERVICE: Final = "identity"


def _api(arguments: Sequence[str]) -> None:
    from chassis.process import run
    from services.identity import api
    from services.identity.settings import ApiSettings

    settings = load(ApiSettings, os.environ)
    logs.configure(_SERVICE, "api", settings.log_level)
    run(lambda stop: api.run(settings, stop))


def _worker(arguments: Sequence[str]) -> None:
    from chassis.process import run
    from services.identity import worker
    from services.identity.settings import WorkerSettings

    settings = load(WorkerSettings, os.environ)
    logs.configure(_SERVICE, "worker", settings.log_level)
    run(lambda stop: worker.run(settings, stop))


def _intake(arguments: Sequence[str]) -> None:
    from services.identity import intake

    intake.main(os.environ)


def _migrate(arguments: Sequence[str]) -> None:
    from services.identity import migrate
    from services.identity.settings import MigrateSettings

    settings = load(MigrateSettings, os.environ)
    logs.configure(_SERVICE, "migrate", settings.log_level)
    migrate.run(settings)


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

    settings = load(CommandSettings, os.environ)
    logs.configure(_SERVICE, "command", settings.log_level)
    try:
        asyncio.run(command(settings, arguments))
    except CommandFailed as failure:
        sys.exit(str(failure))


_KINDS: Final[Mapping[str, Callable[[Sequence[str]], None]]] = {
    "api": _api,
    "worker": _worker,
    "intake": _intake,
    "migrate": _migrate,
    "dead-letters": _dead_letters,
    "service-account": _service_account,
    "create-practice": _create_practice,
}


def main(arguments: Sequence[str]) -> None:
    """Start the kind of process that is named first."""
    start = _KINDS.get(arguments[0]) if arguments else None
    if start is None:
        sys.exit(f"usage: python -m services.identity {'|'.join(_KINDS)}")
    try:
        start(arguments[1:])
    except SettingsError as error:
        sys.exit("\n".join(error.problems))


if __name__ == "__main__":
    main(sys.argv[1:])
