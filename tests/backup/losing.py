"""A system that is backed up and lost, and another that takes its place: what both have in common."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql

from deploy.local.data_folder import DataFolder
from deploy.local.postgres import BINARIES, Postgres
from deploy.local.processes import ROOT
from deploy.local.services import DATA_SERVICES
from deploy.local.stores import Stores
from deploy.local.system import TEMPORARY_FOLDERS, System

# What an operator keeps apart from every backup, and addresses, so that those who call need not look again.
_KEPT: Final = ("wrapping-keys", "secrets", "service-accounts.json", "ports.json")
_READER: Final = "praxispost_backup"
DATABASES: Final = [
    (service.name, f"{service.name}{suffix}", variable)
    for service in DATA_SERVICES
    for suffix, variable in (("", "DATABASE_URL"), ("_keys", "KEYS_DATABASE_URL"))
    if service.has_keys or not suffix
]


def run_backup(*arguments: str | Path, stores: Stores, urls: Mapping[str, str]) -> str:
    """Run the program as its operator would; returns what it says."""
    access = stores.s3.access
    settings = {
        **urls,
        "S3_ENDPOINT": access.endpoint,
        "S3_ACCESS_KEY": access.access_key,
        "S3_SECRET_KEY": access.secret_key,
        "S3_BUCKET": access.bucket,
        "S3_SECURE": "false",
    }
    environment = {f"PRAXISPOST_BACKUP_{name}": value for name, value in settings.items()}
    environment["PATH"] = f"{BINARIES}{os.pathsep}{os.environ['PATH']}"
    command = [sys.executable, "-m", "deploy.backup", *(str(each) for each in arguments)]
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def owners(postgres: Postgres) -> dict[str, str]:
    """The databases' addresses for their owners; they are made where there are none."""
    return {
        f"{service.upper()}_{variable}": postgres.database(name).owner
        for service, name, variable in DATABASES
    }


def reader(postgres: Postgres) -> dict[str, str]:
    """The same for a user that may read everything and write nothing, as the handbook makes it."""
    password = "only-reads"
    with psycopg.connect(postgres.superuser_url, autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE ROLE {} LOGIN BYPASSRLS IN ROLE pg_read_all_data PASSWORD {}").format(
                sql.Identifier(_READER), sql.Literal(password)
            )
        )
        for _, name, _ in DATABASES:
            connection.execute(
                sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(
                    sql.Identifier(name), sql.Identifier(_READER)
                )
            )
    address = f"postgresql://{_READER}:{password}@127.0.0.1:{postgres.port}"
    return {f"{service.upper()}_{variable}": f"{address}/{name}" for service, name, variable in DATABASES}


def lose(system: System, kept: Path) -> None:
    """Stop the system and remove it; only what its operator keeps apart is left, in a folder of its own."""
    system.stop()
    kept.mkdir()
    for name in _KEPT:
        _copy(system.data.path / name, kept / name)
    system.data.remove()


def another(kept: Path) -> System:
    """A system with no data that has what the operator kept."""
    data = DataFolder.temporary(TEMPORARY_FOLDERS)
    for name in _KEPT:
        _copy(kept / name, data.path / name)
    return System(data)


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target)
    else:
        shutil.copy2(source, target)
