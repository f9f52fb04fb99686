"""Dumps and restores single databases with PostgreSQL's own programs, found on PATH."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import Conninfo

_VARIABLES: Final = {
    each.keyword.decode(): each.envvar.decode() for each in Conninfo.get_defaults() if each.envvar
}


class BackupFailed(Exception):
    """A backup or a restore that could not be done; the text says why, and holds no password."""


def dump(url: str, file: Path) -> None:
    """The whole database at one moment, as pg_dump's custom format."""
    _run("pg_dump", ["--format=custom", "--no-password", f"--file={file}"], url)


def restore(url: str, file: Path) -> None:
    """Everything or nothing, into an empty database, whose owner `url` names; rights go to the roles of the
    same names as where the dump was made.

    With statistics: services that begin before autovacuum has made some plan as if the tables were empty.
    """
    name = str(conninfo_to_dict(url)["dbname"])
    options = ["--single-transaction", "--exit-on-error", "--no-owner", "--no-password", f"--dbname={name}"]
    _run("pg_restore", [*options, str(file)], url)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ANALYZE")


def check_empty(url: str) -> None:
    """Refuses with BackupFailed where there are tables already."""
    query = "SELECT EXISTS (SELECT FROM pg_tables WHERE schemaname = 'public')"
    with psycopg.connect(url) as connection:
        if connection.execute(query).fetchone() == (True,):
            raise BackupFailed(f"the database {connection.info.dbname} is not empty")


def publish_again(url: str) -> None:
    """What the outbox holds goes out once more, and what the inbox had done is remembered from now on.

    An event that was on its way when the dump was made is in no other database's dump. Consumers forget
    what they have done later than publishers forget what they have published, so effects happen once.
    """
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE outbox SET published_at = NULL, next_try = now()")
        connection.execute("UPDATE inbox SET done_at = now() WHERE state = 'done'")


def _run(program: str, arguments: list[str], url: str) -> None:
    try:
        ended = subprocess.run(
            [program, *arguments], env=_environment(url), capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        raise BackupFailed(f"{program} is not on PATH: install PostgreSQL's client programs") from None
    if ended.returncode != 0:
        raise BackupFailed(f"{program} failed: {ended.stderr.strip()}")


def _environment(url: str) -> Mapping[str, str]:
    """The address as libpq's variables: arguments of programs can be seen by everybody on the machine."""
    address = {
        _VARIABLES[name]: str(value) for name, value in conninfo_to_dict(url).items() if value is not None
    }
    others = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return others | address
