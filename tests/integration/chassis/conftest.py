"""A sample service's database for each test, and one RabbitMQ for all."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from chassis.database import Database
from deploy.local.data_folder import DataFolder
from deploy.local.rabbitmq import RabbitMq
from tests.integration.chassis import sample


@pytest.fixture(scope="session")
def rabbitmq(stores_folder: DataFolder) -> Iterator[RabbitMq]:
    """A private RabbitMQ; who stops it starts it again."""
    node = RabbitMq(stores_folder)
    node.start()
    yield node
    node.stop()


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
