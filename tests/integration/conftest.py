"""The real stores that the integration tests share: started once, when a test first asks for one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.catcher.client import CatcherClient
from deploy.local.catcher.starting import Catcher
from deploy.local.data_folder import DataFolder
from deploy.local.postgres import Postgres
from deploy.local.rabbitmq import RabbitMq
from deploy.local.s3 import S3

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
def postgres_url(postgres: Postgres) -> str:
    """Its superuser's address."""
    return postgres.superuser_url


@pytest.fixture(scope="session")
def rabbitmq(stores_folder: DataFolder) -> Iterator[RabbitMq]:
    """A private RabbitMQ; who stops it starts it again."""
    server = RabbitMq(stores_folder)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def s3(stores_folder: DataFolder) -> Iterator[S3]:
    """A private S3 server with one bucket."""
    server = S3(stores_folder)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def catcher(stores_folder: DataFolder) -> Iterator[Catcher]:
    """A catcher of mail and SMS."""
    server = Catcher(stores_folder)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def caught(catcher: Catcher) -> Iterator[CatcherClient]:
    """What the catcher caught."""
    client = catcher.client()
    yield client
    client.close()
