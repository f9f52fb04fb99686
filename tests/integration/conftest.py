"""The real stores that the integration tests share: started once, when a test first asks for one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.data_folder import DataFolder
from deploy.local.postgres import Postgres

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
