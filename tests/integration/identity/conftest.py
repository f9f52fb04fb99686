"""What identity's tests share: its migrated databases and a stage on them."""

from base64 import b64encode
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from secrets import token_bytes

import pytest
import pytest_asyncio
from sqlalchemy import delete

from chassis.database import Database
from chassis.key_schema import VERSIONS
from chassis.keys import FileWrappingKeys, KeyDatabase, Keys
from chassis.migrations import migrate, migrate_sql
from chassis.signing import SigningKeys
from deploy.local.postgres import DatabaseUrls, Postgres
from services.identity.tables.people import notice
from tests.integration.identity.stage import Stage, set_stage

_MIGRATIONS = Path(__file__).parents[3] / "services" / "identity" / "migrations"


@dataclass(frozen=True, slots=True)
class IdentityUrls:
    """Identity's two databases, migrated."""

    data: DatabaseUrls
    keys: DatabaseUrls


@pytest.fixture(scope="session")
def identity_urls(postgres: Postgres) -> IdentityUrls:
    data, keys = postgres.temporary_database(), postgres.temporary_database()
    migrate(data.owner, _MIGRATIONS, role_of(data))
    migrate_sql(keys.owner, VERSIONS, role_of(keys))
    return IdentityUrls(data, keys)


@pytest.fixture(scope="session")
def wrapping_keys_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wrapping-keys")
    (folder / "1").write_bytes(b64encode(token_bytes(32)))
    return folder


@pytest.fixture(scope="session")
def wrapping_keys(wrapping_keys_folder: Path) -> FileWrappingKeys:
    return FileWrappingKeys(wrapping_keys_folder)


@pytest_asyncio.fixture
async def stage(identity_urls: IdentityUrls, wrapping_keys: FileWrappingKeys) -> AsyncIterator[Stage]:
    """The person's side of identity, with no notice waiting."""
    database = Database(identity_urls.data.app, pool_size=8)
    key_database = KeyDatabase(identity_urls.keys.app)
    async with database.transaction() as tx:
        await tx.execute(delete(notice))
    signing = await SigningKeys(key_database, wrapping_keys).current()
    async with set_stage(database, Keys(key_database, wrapping_keys), signing) as stage:
        yield stage
    await key_database.close()
    await database.close()


def role_of(urls: DatabaseUrls) -> str:
    """The app role that the migrations give rights to."""
    return urls.app.split("://")[1].split(":")[0]
