"""What messaging's tests share: its migrated databases, and its api served on them."""

from base64 import b64encode
from collections.abc import AsyncIterator
from secrets import token_bytes

import pytest
import pytest_asyncio
from sqlalchemy import make_url

from chassis.settings import Secret
from deploy.local.postgres import DatabaseUrls, Postgres
from services.messaging import migrate
from services.messaging.settings import MigrateSettings
from tests.integration.messaging.post import Post, Stores, open_post


@pytest.fixture(scope="session")
def messaging_stores(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Stores:
    """Both databases, migrated as the service does it."""
    data, keys = postgres.temporary_database(), postgres.temporary_database()
    migrate.run(MigrateSettings(Secret(data.owner), Secret(data.app), Secret(keys.owner), Secret(keys.app)))
    folder = tmp_path_factory.mktemp("wrapping-keys")
    (folder / "1").write_bytes(b64encode(token_bytes(32)))
    return Stores(data.app, data.owner, _as_superuser(postgres, data), keys.app, folder)


@pytest_asyncio.fixture
async def post(messaging_stores: Stores) -> AsyncIterator[Post]:
    """The api, for practices and patients that no other test knows."""
    async with open_post(messaging_stores) as post:
        yield post


def _as_superuser(postgres: Postgres, urls: DatabaseUrls) -> str:
    """The same database for whom row-level security does not hold."""
    url = make_url(postgres.superuser_url).set(database=make_url(urls.owner).database)
    return url.render_as_string(hide_password=False)
