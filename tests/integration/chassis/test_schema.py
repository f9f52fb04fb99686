"""That processes wait for the schema that they need, and for no other."""

import psycopg
import pytest

from chassis import key_schema
from chassis.migrations import migrate, migrate_sql
from chassis.schema import SchemaSettings, await_schema
from chassis.settings import Secret
from tests.integration.chassis import sample


class _StillWaiting(Exception):
    """A second look was wanted."""


def _impatient(_: float) -> None:
    raise _StillWaiting


def _wait(url: str, keys_url: str | None = None) -> None:
    keys = None if keys_url is None else Secret(keys_url)
    await_schema(SchemaSettings(Secret(url), keys), sample.MIGRATIONS, pause=_impatient)


def test_the_app_role_waits_until_the_database_is_migrated(postgres_url: str) -> None:
    empty = sample.create_empty(postgres_url)
    with pytest.raises(_StillWaiting):
        _wait(empty.app_url)
    migrate(empty.owner_url, sample.MIGRATIONS, empty.app_role)
    _wait(empty.app_url)


def test_a_database_that_is_behind_is_waited_for_and_one_that_is_ahead_is_not(postgres_url: str) -> None:
    database = sample.create_empty(postgres_url)
    migrate(database.owner_url, sample.MIGRATIONS, database.app_role)
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        owner.execute("UPDATE alembic_version SET version_num = 'of a later version'")
        _wait(database.app_url)
        owner.execute("DELETE FROM alembic_version")
    with pytest.raises(_StillWaiting):
        _wait(database.app_url)


def test_the_key_database_is_waited_for_too(postgres_url: str) -> None:
    database, keys = (sample.create_empty(postgres_url) for _ in range(2))
    migrate(database.owner_url, sample.MIGRATIONS, database.app_role)
    migrate_sql(keys.owner_url, key_schema.VERSIONS[:1], keys.app_role)
    with pytest.raises(_StillWaiting):
        _wait(database.app_url, keys.app_url)
    migrate_sql(keys.owner_url, key_schema.VERSIONS, keys.app_role)
    _wait(database.app_url, keys.app_url)


def test_a_server_that_does_not_answer_is_waited_for() -> None:
    with pytest.raises(_StillWaiting):
        _wait("postgresql://nobody@127.0.0.1:1/nothing")
