"""Reads one frozen dataclass of settings from the environment and reports every problem at once."""

import dataclasses
import re
import types
import typing
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

_SECRET_NAME = re.compile(r"(secret|password|token|key|headers|url|dsn)$")
_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})


class Secret(str):
    """A string that does not show itself in `repr`, so that settings can be printed and logged."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


class SettingsError(Exception):
    """Settings that are missing or malformed; names them all and shows no value."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("settings: " + "; ".join(problems))
        self.problems = problems


class _Malformed(Exception):
    """A value that is not what the field wants; the text says what is wanted."""


def load(cls: type[T], environ: Mapping[str, str], prefix: str = "PRAXISPOST_") -> T:
    """Read the dataclass `cls`: field `grpc_port` from the variable `<prefix>GRPC_PORT`, and so on.

    Fields are str, int, float, bool, Path, timedelta (seconds), tuple[str, ...] (comma-separated), Literal of
    strings, any of these or None, or another dataclass, whose fields are read with this field's name before
    theirs. An empty variable counts as not set. Text fields with names that end as secrets do (secret,
    password, token, key, headers, url, dsn) become `Secret`; `<NAME>_FILE` may name a file to read it from.
    Raises SettingsError with all that is missing or malformed.
    """
    problems: list[str] = []
    values = _Reader(environ, problems).values(cls, prefix)
    if problems:
        raise SettingsError(tuple(problems))
    return cls(**values)


class _Reader:
    def __init__(self, environ: Mapping[str, str], problems: list[str]) -> None:
        self._environ = environ
        self._problems = problems

    def values(self, cls: type[object], prefix: str) -> dict[str, object]:
        if not dataclasses.is_dataclass(cls):
            raise TypeError(f"{cls.__name__} is not a dataclass")
        hints = typing.get_type_hints(cls)
        values: dict[str, object] = {}
        for field in dataclasses.fields(cls):
            self._read(field, hints[field.name], prefix, values)
        return values

    def _read(
        self, field: "dataclasses.Field[object]", kind: object, prefix: str, values: dict[str, object]
    ) -> None:
        name = f"{prefix}{field.name.upper()}"
        if isinstance(kind, type) and dataclasses.is_dataclass(kind):
            self._nest(field.name, kind, f"{name}_", values)
            return
        raw = self._raw(name, secret=_SECRET_NAME.search(field.name) is not None)
        if raw is None:
            if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
                self._problems.append(f"{name} is missing")
            return
        try:
            values[field.name] = _parse(kind, raw)
        except _Malformed as problem:
            self._problems.append(f"{name} must be {problem}")

    def _nest(self, field_name: str, kind: type[object], prefix: str, values: dict[str, object]) -> None:
        before = len(self._problems)
        nested = self.values(kind, prefix)
        if len(self._problems) == before:
            values[field_name] = kind(**nested)

    def _raw(self, name: str, *, secret: bool) -> str | None:
        raw = self._environ.get(name, "").strip()
        file_name = self._environ.get(f"{name}_FILE", "") if secret else ""
        if raw and file_name:
            self._problems.append(f"{name} and {name}_FILE exclude each other")
        elif file_name:
            try:
                raw = Path(file_name).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError):
                self._problems.append(f"{name}_FILE names a file that cannot be read")
                return "unreadable"
        if not raw:
            return None
        return Secret(raw) if secret else raw


def _parse(kind: object, raw: str) -> object:
    if kind in _PARSERS:
        return _PARSERS[kind](raw)
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        kinds = [argument for argument in arguments if argument is not types.NoneType]
        if len(kinds) == 1:
            return _parse(kinds[0], raw)
    if origin is typing.Literal:
        if raw not in arguments:
            raise _Malformed("one of " + ", ".join(str(argument) for argument in arguments))
        return raw
    if kind == tuple[str, ...]:
        return tuple(part.strip() for part in raw.split(",") if part.strip())
    raise TypeError(f"settings cannot be of type {kind}")


def _number(convert: Callable[[str], object], wanted: str) -> Callable[[str], object]:
    def parse(raw: str) -> object:
        try:
            return convert(raw)
        except (ValueError, OverflowError):
            raise _Malformed(wanted) from None

    return parse


def _boolean(raw: str) -> bool:
    lowered = raw.lower()
    if lowered in _TRUE:
        return True
    if lowered in _FALSE:
        return False
    raise _Malformed("true or false")


def _text(raw: str) -> str:
    return raw


_PARSERS: Mapping[object, Callable[[str], object]] = {
    str: _text,
    Secret: Secret,
    int: _number(int, "a whole number"),
    float: _number(float, "a number"),
    bool: _boolean,
    Path: Path,
    timedelta: _number(lambda raw: timedelta(seconds=float(raw)), "a number of seconds"),
}
