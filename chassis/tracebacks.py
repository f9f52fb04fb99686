"""Describes an exception by type and place in the code only, since its text can hold personal data."""

import traceback
from pathlib import PurePath
from typing import TypeAlias

Described: TypeAlias = dict[str, "str | list[str] | list[Described] | Described"]

_MOST_PLACES = 12
_MOST_LINKS = 5


def describe(error: BaseException, links: int = _MOST_LINKS) -> Described:
    """The exception's type, the places it came through (innermost last), and what caused it."""
    described: Described = {"type": _type_name(error), "at": _places(error)}
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if links > 0 and isinstance(error, BaseExceptionGroup):
        described["group"] = [describe(part, links - 1) for part in error.exceptions[:_MOST_LINKS]]
    if links > 0 and cause is not None:
        described["from"] = describe(cause, links - 1)
    return described


def short_path(path: str) -> str:
    """The last parts of a file's path, which suffice to find it and do not tell where it is installed."""
    return "/".join(PurePath(path).parts[-3:])


def _places(error: BaseException) -> list[str]:
    frames = [(frame.f_code, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    return [f"{short_path(code.co_filename)}:{line} {code.co_name}" for code, line in frames[-_MOST_PLACES:]]


def _type_name(error: BaseException) -> str:
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
