"""Identity's tables as SQLAlchemy knows them; the migrations are what makes them."""

from services.identity.tables import access, account_changes, people, practices, readers
from services.identity.tables.base import metadata

__all__ = ["access", "account_changes", "metadata", "people", "practices", "readers"]
