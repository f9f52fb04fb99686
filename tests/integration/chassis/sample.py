"""A sample service's database: the chassis' tables, and one table of tenants' rows."""

from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psycopg
from psycopg import sql
from sqlalchemy import Column, MetaData, Table, Text, Uuid, make_url

from chassis import tables
from chassis.migrations import migrate

MIGRATIONS = Path(__file__).parent / "sample_migrations"
METADATA = MetaData()
TABLES = tables.define(METADATA)
THING = Table(
    "thing",
    METADATA,
    Column("tenant_id", Uuid, nullable=False),
    Column("id", Uuid, primary_key=True),
    Column("value", Text, nullable=False),
)


@dataclass(frozen=True, slots=True)
class SampleDatabase:
    """Where the database is for its owner and for the app role."""

    owner_url: str
    app_url: str
    app_role: str


def create_empty(superuser_url: str) -> SampleDatabase:
    """A database of its own with its two roles, nothing in it yet."""
    name = f"sample_{uuid4().hex[:12]}"
    owner, app = f"{name}_owner", f"{name}_app"
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        for role in (owner, app):
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'sample'").format(sql.Identifier(role)))
        names = (sql.Identifier(name), sql.Identifier(owner))
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(*names))
    return SampleDatabase(_url(superuser_url, name, owner), _url(superuser_url, name, app), app)


def create(superuser_url: str) -> SampleDatabase:
    """The same, migrated."""
    sample = create_empty(superuser_url)
    migrate(sample.owner_url, MIGRATIONS, sample.app_role)
    return sample


def _url(superuser_url: str, name: str, role: str) -> str:
    url = make_url(superuser_url).set(database=name, username=role, password="sample")
    return url.render_as_string(hide_password=False)
