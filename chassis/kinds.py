"""Starts one of a service's kinds of process, as its command line names it.

Imports nothing that must not run under eventlet: the intake starts here too.
"""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeAlias, TypeVar

from chassis import logs
from chassis.settings import SettingsError, load

Start: TypeAlias = Callable[[Sequence[str]], None]


class HasLogLevel(Protocol):
    """The settings of a process that writes logs."""

    @property
    def log_level(self) -> str:
        """The least that is logged."""


S = TypeVar("S", bound=HasLogLevel)


def settings_of(wanted: type[S], service: str, kind: str) -> S:
    """The process' settings from its environment, by which its logs are configured. Raises SettingsError."""
    settings = load(wanted, os.environ)
    logs.configure(service, kind, settings.log_level)
    return settings


def start_kind(program: str, kinds: Mapping[str, Start], arguments: Sequence[str]) -> None:
    """Start the kind that is named first, with what follows; say what is wrong with its settings."""
    start = kinds.get(arguments[0]) if arguments else None
    if start is None:
        sys.exit(f"usage: python -m {program} {'|'.join(kinds)}")
    try:
        start(arguments[1:])
    except SettingsError as error:
        sys.exit("\n".join(error.problems))
