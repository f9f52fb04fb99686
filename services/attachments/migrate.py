"""Brings the databases up to date and makes the bucket where there is none."""

import asyncio
from pathlib import Path

from sqlalchemy.engine import make_url

from chassis import key_schema
from chassis.migrations import migrate, migrate_sql
from chassis.settings import SettingsError
from services.attachments.objects import ObjectStore
from services.attachments.settings import MigrateSettings

MIGRATIONS = Path(__file__).parent / "migrations"


def run(settings: MigrateSettings) -> None:
    """Migrate both databases, then see to the bucket."""
    migrate(settings.migrate_database_url, MIGRATIONS, _user_of(settings.database_url))
    migrate_sql(settings.migrate_keys_database_url, key_schema.VERSIONS, _user_of(settings.keys_database_url))
    asyncio.run(_make_bucket(settings))


async def _make_bucket(settings: MigrateSettings) -> None:
    store = ObjectStore(settings.s3)
    try:
        await store.make_bucket()
    finally:
        store.close()


def _user_of(url: str) -> str:
    user = make_url(url).username
    if not user:
        raise SettingsError(("the database URLs must name the user of api and worker",))
    return user
