"""Brings all keys of a service under its newest wrapping key, while the service goes on working."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, Row, create_engine, make_url, text

from chassis import logs
from chassis.sealing import Part
from chassis.settings import Secret
from chassis.wrapping import FileWrappingKeys

_LOG = logs.get(__name__)
_AT_ONCE = 500
# Each table with what names a key in it, and so what its wrapping belongs to.
_TABLES = {
    "subject_key": ("subject_id", "version"),
    "service_key": ("name",),
    "signing_key": ("id",),
    "data_key": ("id",),
}


@dataclass(frozen=True)
class RewrapSettings:
    """The owner's address of the key database, since the processes' own role may change no key."""

    migrate_keys_database_url: Secret
    wrapping_keys: Path
    log_level: str = "info"


def rewrap(settings: RewrapSettings) -> int:
    """Wrap what lies under an older wrapping key anew; returns how many keys that were.

    Whoever runs it again after an interruption goes on where it ended. Afterwards the older wrapping keys
    are needed for backups only. Raises WrappingKeysError where the folder lacks a key that is in use.
    """
    wrapping = FileWrappingKeys(settings.wrapping_keys)
    url = make_url(settings.migrate_keys_database_url).set(drivername="postgresql+psycopg")
    engine = create_engine(url, hide_parameters=True)
    try:
        return sum(_rewrap_table(engine, wrapping, table, names) for table, names in _TABLES.items())
    finally:
        engine.dispose()


def _rewrap_table(engine: Engine, wrapping: FileWrappingKeys, table: str, names: Sequence[str]) -> int:
    columns = ", ".join(names)
    older = text(
        f"SELECT {columns}, wrapped, wrapping_version FROM {table} WHERE wrapping_version < :newest"
        f" ORDER BY {columns} LIMIT :at_once FOR UPDATE"
    )
    named = " AND ".join(f"{name} = :{name}" for name in names)
    change = text(
        f"UPDATE {table} SET wrapped = :wrapped, wrapping_version = :wrapping_version WHERE {named}"
    )
    done = 0
    while True:
        with engine.begin() as connection:
            found = connection.execute(older, {"newest": wrapping.newest, "at_once": _AT_ONCE}).all()
            if not found:
                _LOG.info("keys wrapped anew", kind=table, count=done)
                return done
            connection.execute(change, [_wrapped_anew(wrapping, table, names, row) for row in found])
        done += len(found)


def _wrapped_anew(
    wrapping: FileWrappingKeys, table: str, names: Sequence[str], row: Row[Any]
) -> dict[str, object]:
    named = {name: getattr(row, name) for name in names}
    belongs_to: list[Part] = [
        table,
        *(str(value) if isinstance(value, int) else value for value in named.values()),
    ]
    key = wrapping.unwrap(row.wrapping_version, row.wrapped, *belongs_to)
    version, wrapped = wrapping.wrap(key, *belongs_to)
    return {**named, "wrapped": wrapped, "wrapping_version": version}
