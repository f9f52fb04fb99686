"""What the notifier's tests share: its migrated database, empty at the start of each test."""

import logging
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
import pytest_asyncio
from sqlalchemy import make_url

from chassis.database import Database
from chassis.migrations import migrate
from deploy.local.postgres import Postgres

_MIGRATIONS = Path(__file__).parents[3] / "services" / "notifier" / "migrations"


@dataclass(frozen=True, slots=True)
class Urls:
    """The notifier's database for the cluster's administrator, its owner and the app role."""

    admin: str
    owner: str
    app: str
    app_role: str


@pytest.fixture(scope="session")
def notifier_urls(postgres: Postgres) -> Urls:
    """A migrated database with roles of its own."""
    urls = postgres.temporary_database()
    app = make_url(urls.app)
    assert app.username is not None
    migrate(urls.owner, _MIGRATIONS, app.username)
    admin = make_url(postgres.superuser_url).set(database=app.database)
    return Urls(admin.render_as_string(hide_password=False), urls.owner, urls.app, app.username)


@pytest_asyncio.fixture
async def database(notifier_urls: Urls) -> AsyncIterator[Database]:
    """The app role's view of the database, emptied."""
    with psycopg.connect(notifier_urls.admin, autocommit=True) as connection:
        connection.execute(
            "TRUNCATE prompt, prompt_attempt, prompt_message, prompt_report, waiting_message, addressee, "
            "inbox, outbox, request, audit"
        )
    database = Database(notifier_urls.app, pool_size=8)
    yield database
    await database.close()


@pytest.fixture
def own_logging() -> Iterator[None]:
    """Put the root logger's handlers back after a test that configures logs."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
