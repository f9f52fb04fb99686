"""Identity's tables as SQLAlchemy knows them; the migrations are what makes them."""

from services.identity.tables import people, practices
from services.identity.tables.base import metadata

__all__ = ["metadata", "people", "practices"]
