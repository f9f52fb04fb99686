"""Starts the portal's one kind of process: web."""

import sys
from collections.abc import Mapping, Sequence
from typing import Final

from chassis.kinds import Start, settings_of, start_kind


def _web(arguments: Sequence[str]) -> None:
    from chassis.process import run
    from services.portal import web
    from services.portal.settings import WebSettings

    settings = settings_of(WebSettings, "portal", "web")
    run(lambda stop: web.run(settings, stop))


_KINDS: Final[Mapping[str, Start]] = {"web": _web}


if __name__ == "__main__":
    start_kind("services.portal", _KINDS, sys.argv[1:])
