"""The migration: brings messaging's database and its key database up to date."""

from pathlib import Path

from sqlalchemy import make_url

from chassis.key_schema import VERSIONS
from chassis.migrations import migrate, migrate_sql
from chassis.settings import SettingsError
from services.messaging.settings import MigrateSettings

MIGRATIONS = Path(__file__).parent / "migrations"


def run(settings: MigrateSettings) -> None:
    """Run what the databases have not seen yet, and give the app roles their rights."""
    role = _role("PRAXISPOST_DATABASE_URL", settings.database_url)
    keys_role = _role("PRAXISPOST_KEYS_DATABASE_URL", settings.keys_database_url)
    migrate(settings.migrate_database_url, MIGRATIONS, role)
    migrate_sql(settings.migrate_keys_database_url, VERSIONS, keys_role)


def _role(variable: str, url: str) -> str:
    role = make_url(url).username
    if not role:
        raise SettingsError((f"{variable} must name the user of the service's processes",))
    return role
