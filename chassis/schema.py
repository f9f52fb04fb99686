"""Waits until a database has the version that this code needs; one that is ahead is as good (expand and
contract)."""

import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, create_engine, make_url, text
from sqlalchemy.exc import DBAPIError

from chassis import key_schema, logs
from chassis.migrations import revisions
from chassis.settings import Secret

_LOG = logs.get(__name__)
_LOOK_EVERY_SECONDS = 2.0
_ALEMBIC = text("SELECT version_num FROM alembic_version")
_SQL = text("SELECT version FROM schema_version")


@dataclass(frozen=True)
class SchemaSettings:
    """The databases as api, worker and intake see them; `keys_database_url` where there are keys."""

    database_url: Secret
    keys_database_url: Secret | None = None
    log_level: str = "info"


def await_schema(
    settings: SchemaSettings, scripts: Path, *, pause: Callable[[float], None] = time.sleep
) -> None:
    """Return once the databases have at least the version of `scripts`, and the keys' schema.

    Ends the process at SIGTERM, which process 1 of a container would not heed by itself.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    known = revisions(scripts)
    _wait(settings.database_url, lambda connection: _has_revision(connection, known), pause)
    if settings.keys_database_url is not None:
        _wait(settings.keys_database_url, _has_key_schema, pause)


def _has_revision(connection: Connection, known: list[str]) -> bool:
    """A revision that this code does not know is one of a newer version's."""
    current = connection.execute(_ALEMBIC).scalar_one_or_none()
    return current is not None and (current == known[0] or current not in known)


def _has_key_schema(connection: Connection) -> bool:
    current: int | None = connection.execute(_SQL).scalar_one_or_none()
    return current is not None and current >= len(key_schema.VERSIONS)


def _wait(url: str, is_there: Callable[[Connection], bool], pause: Callable[[float], None]) -> None:
    engine = create_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        hide_parameters=True,
        connect_args={"connect_timeout": 5},
    )
    database = make_url(url).database
    try:
        while not _look(engine.connect, is_there):
            _LOG.info("waiting for the migration", database=database)
            pause(_LOOK_EVERY_SECONDS)
    finally:
        engine.dispose()
    _LOG.info("database has the schema", database=database)


def _look(connect: Callable[[], Connection], is_there: Callable[[Connection], bool]) -> bool:
    """A database that cannot be reached, or has no version table yet, is not there yet."""
    try:
        with connect() as connection:
            return is_there(connection)
    except DBAPIError:
        return False
