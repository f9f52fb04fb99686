"""A sample service's database, and its key database, for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from chassis import key_schema
from chassis.database import Database
from chassis.keys import KeyDatabase
from chassis.migrations import migrate_sql
from tests.integration.chassis import sample
from tests.integration.chassis.key_setting import KeySetting, write_wrapping_key


@pytest.fixture
def sample_database(postgres_url: str) -> sample.SampleDatabase:
    """The database of a sample service, migrated."""
    return sample.create(postgres_url)


@pytest_asyncio.fixture
async def database(sample_database: sample.SampleDatabase) -> AsyncIterator[Database]:
    """The same, as the service's processes use it."""
    database = Database(sample_database.app_url, pool_size=8)
    yield database
    await database.close()


@pytest.fixture
async def setting(postgres_url: str, tmp_path: Path) -> AsyncIterator[KeySetting]:
    """A key database, and a folder with one wrapping key."""
    made = sample.create_empty(postgres_url)
    migrate_sql(made.owner_url, key_schema.VERSIONS, made.app_role)
    write_wrapping_key(tmp_path, 1)
    database = KeyDatabase(made.app_url)
    yield KeySetting(database, made.owner_url, made.app_url, tmp_path)
    await database.close()
