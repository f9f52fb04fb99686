"""The stores of attachments' tests, and the house on them."""

import base64
import secrets
from collections.abc import AsyncIterator, Iterator

import pytest
from sqlalchemy import make_url

from chassis.settings import Secret
from deploy.local.data_folder import DataFolder
from deploy.local.postgres import DatabaseUrls, Postgres
from deploy.local.s3 import S3
from services.attachments import migrate
from services.attachments.settings import MigrateSettings, StoreSettings
from tests.integration.attachments.house import House, Stores, open_house
from tests.integration.attachments.traces import Traces


@pytest.fixture(scope="session")
def s3(stores_folder: DataFolder) -> Iterator[S3]:
    server = S3(stores_folder)
    server.start()
    yield server
    server.process.kill()


@pytest.fixture(scope="session")
def stores(postgres: Postgres, s3: S3, tmp_path_factory: pytest.TempPathFactory) -> Stores:
    own, keys = postgres.temporary_database(), postgres.temporary_database()
    migrate.run(MigrateSettings(Secret(own.owner), Secret(own.app), Secret(keys.owner), Secret(keys.app)))
    folder = tmp_path_factory.mktemp("wrapping-keys")
    (folder / "1").write_bytes(base64.b64encode(secrets.token_bytes(32)))
    return Stores(own.app, _as_superuser(postgres, own), keys.app, folder, _settings(s3))


@pytest.fixture
async def house(stores: Stores) -> AsyncIterator[House]:
    async with open_house(stores) as house:
        yield house


@pytest.fixture
def traces(stores: Stores) -> Traces:
    return Traces(stores)


def _settings(s3: S3) -> StoreSettings:
    access = s3.access
    return StoreSettings(
        access.endpoint, Secret(access.access_key), Secret(access.secret_key), access.bucket, secure=False
    )


def _as_superuser(postgres: Postgres, urls: DatabaseUrls) -> str:
    """The same database for whom row-level security does not hold."""
    url = make_url(postgres.superuser_url).set(database=make_url(urls.owner).database)
    return url.render_as_string(hide_password=False)
