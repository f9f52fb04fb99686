"""One PostgreSQL and one RabbitMQ for nameko's tests, and what a container wants to know of them."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import psycopg
import pytest
from nameko.containers import ServiceContainer

from chassis.telemetry import Telemetry
from deploy.local.data_folder import DataFolder
from deploy.local.postgres import Postgres
from deploy.local.rabbitmq import RabbitMq
from tests.integration.chassis import sample

ContainerFactory: TypeAlias = Callable[[type, Mapping[str, Any]], ServiceContainer]

_BUILD = Path(__file__).parents[2] / "build"


@pytest.fixture(scope="session")
def stores_folder() -> Iterator[DataFolder]:
    """Where the stores of this run of pytest keep their data."""
    folder = DataFolder.temporary(_BUILD / "test-stores")
    yield folder
    folder.remove()


@pytest.fixture(scope="session")
def postgres(stores_folder: DataFolder) -> Iterator[Postgres]:
    """A private PostgreSQL."""
    server = Postgres(stores_folder)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def rabbitmq(stores_folder: DataFolder) -> Iterator[RabbitMq]:
    """A private RabbitMQ."""
    node = RabbitMq(stores_folder)
    node.start()
    yield node
    node.stop()


@pytest.fixture
def sample_database(postgres: Postgres) -> sample.SampleDatabase:
    """The database of a sample service, migrated."""
    return sample.create(postgres.superuser_url)


@pytest.fixture
def config(rabbitmq: RabbitMq, sample_database: sample.SampleDatabase) -> dict[str, Any]:
    """What `chassis.intake_service` gives its container."""
    return {
        "AMQP_URI": rabbitmq.url,
        "DATABASE_URL": sample_database.app_url,
        "TELEMETRY": Telemetry("sample", "intake", 0),
        "max_workers": 4,
    }


@pytest.fixture
def connection(sample_database: sample.SampleDatabase) -> Iterator[psycopg.Connection]:
    """The sample service's database, to look into."""
    with psycopg.connect(sample_database.app_url, autocommit=True) as connection:
        yield connection
