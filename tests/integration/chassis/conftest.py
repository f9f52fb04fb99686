"""A sample service's database for each test."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from chassis.database import Database
from tests.integration.chassis import sample


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
