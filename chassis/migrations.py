"""Brings a database up to date: one runner at a time, and never waiting long for a lock that others need."""

import contextlib
import re
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from alembic import command, op
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, make_url, text
from sqlalchemy.exc import DBAPIError

from chassis import logs
from chassis.frozen_sql import chassis_tables_1, doomed_data_key_1, inbox_turns_1, request_pruning_1
from chassis.sql import grant_sql, protect_sql

__all__ = [
    "app_role",
    "chassis_tables_1",
    "doomed_data_key_1",
    "grant_sql",
    "inbox_turns_1",
    "migrate",
    "migrate_sql",
    "protect_sql",
    "request_pruning_1",
    "revisions",
]

_LOG = logs.get(__name__)
_ENVIRONMENT = Path(__file__).parent / "migration_environment"
_ADVISORY_LOCK = 7_205_759_403_792_794
_LOCK_NOT_AVAILABLE = "55P03"
_TRIES = 30
_PAUSE = 2.0
_ROLE = re.compile(r"[a-z_][a-z0-9_]{0,62}")


def migrate(url: str, scripts: Path, app_role: str) -> None:
    """Run the alembic migrations in `scripts`/versions that the database has not seen yet.

    `url` is the owner's; the app role gets its rights from the scripts, which ask `app_role()`.
    A statement that waits more than 2 s for a lock is undone and its migration tried again, so that
    the requests behind it do not pile up.
    """
    config = _config(scripts)
    config.attributes["app_role"] = _checked(app_role)

    def upgrade(connection: Connection) -> None:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        _let_read_version(connection, "alembic_version", app_role)

    _run(url, upgrade)
    _LOG.info("database is up to date", database=make_url(url).database, revision=revisions(scripts)[0])


def migrate_sql(url: str, versions: Sequence[str], app_role: str) -> None:
    """The same for a database whose versions are plain SQL, in which `{app_role}` stands for the role."""
    role = _checked(app_role)

    def upgrade(connection: Connection) -> None:
        done = _sql_version(connection)
        for number, statements in enumerate(versions[done:], start=done + 1):
            with connection.begin():
                connection.exec_driver_sql(statements.replace("{app_role}", role))
                connection.execute(text("UPDATE schema_version SET version = :number"), {"number": number})
        _let_read_version(connection, "schema_version", role)

    _run(url, upgrade)
    _LOG.info("database is up to date", database=make_url(url).database, version=len(versions))


def app_role() -> str:
    """Within a migration script: the role that api, worker and intake log in with."""
    config = op.get_context().config
    if config is None:
        raise RuntimeError("app_role() is for migration scripts")
    return str(config.attributes["app_role"])


def revisions(scripts: Path) -> list[str]:
    """All revisions in `scripts`/versions, the newest first."""
    return [each.revision for each in ScriptDirectory.from_config(_config(scripts)).walk_revisions()]


def _config(scripts: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", _ENVIRONMENT.as_posix())
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", (scripts / "versions").as_posix())
    return config


def _checked(role: str) -> str:
    if not _ROLE.fullmatch(role):
        raise ValueError("the app role's name must be lower-case letters, digits and underscores")
    return role


def _let_read_version(connection: Connection, table: str, role: str) -> None:
    """Whoever uses the database may see which version it has; `chassis.schema` waits for it."""
    connection.exec_driver_sql(grant_sql(table, role, "SELECT"))
    connection.commit()


def _sql_version(connection: Connection) -> int:
    with connection.begin():
        connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS schema_version (version integer NOT NULL)")
        version = connection.execute(text("SELECT version FROM schema_version")).scalar_one_or_none()
        if version is None:
            connection.exec_driver_sql("INSERT INTO schema_version VALUES (0)")
        return version or 0


def _run(url: str, upgrade: Callable[[Connection], None]) -> None:
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"), hide_parameters=True)
    try:
        with _alone(engine), engine.connect() as connection:
            with connection.begin():
                connection.exec_driver_sql("SET SESSION lock_timeout = '2s'")
            _try_often(connection, upgrade)
    finally:
        engine.dispose()


@contextlib.contextmanager
def _alone(engine: Engine) -> Iterator[None]:
    """Hold the advisory lock of all runners; it goes with its connection."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _ADVISORY_LOCK})
        yield


def _try_often(connection: Connection, upgrade: Callable[[Connection], None]) -> None:
    for attempt in range(1, _TRIES + 1):
        try:
            upgrade(connection)
        except DBAPIError as error:
            if attempt == _TRIES or getattr(error.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
                raise
            connection.rollback()
            _LOG.warning("migration waits for others' locks", attempt=attempt, retry_in=_PAUSE)
            time.sleep(_PAUSE)
        else:
            return
