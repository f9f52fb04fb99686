"""The migration: brings the notifier's database up to date."""

from pathlib import Path

from sqlalchemy import make_url

from chassis.migrations import migrate
from chassis.settings import SettingsError
from services.notifier.settings import MigrateSettings

MIGRATIONS = Path(__file__).parent / "migrations"


def run(settings: MigrateSettings) -> None:
    """Run what the database has not seen yet, and give the app role its rights."""
    app_role = make_url(settings.database_url).username
    if not app_role:
        raise SettingsError(("PRAXISPOST_DATABASE_URL must name the user of api, worker and intake",))
    migrate(settings.migrate_database_url, MIGRATIONS, app_role)
