"""The migration: brings the database of attachments and its key database up to date."""

from pathlib import Path

from sqlalchemy.engine import make_url

from chassis import key_schema
from chassis.migrations import migrate, migrate_sql
from chassis.settings import SettingsError
from services.attachments.settings import MigrateSettings

MIGRATIONS = Path(__file__).parent / "migrations"


def run(settings: MigrateSettings) -> None:
    """Run what the databases have not seen yet, and give the app roles their rights."""
    migrate(settings.migrate_database_url, MIGRATIONS, _user_of(settings.database_url))
    migrate_sql(settings.migrate_keys_database_url, key_schema.VERSIONS, _user_of(settings.keys_database_url))


def _user_of(url: str) -> str:
    user = make_url(url).username
    if not user:
        raise SettingsError(("the database URLs must name the user of api and worker",))
    return user
