"""What is measured of a process' database: its connections in use, and the schema's revision."""

from prometheus_client import CollectorRegistry, Gauge, Info
from sqlalchemy import text

from chassis.database import Database

_REVISION = text("SELECT version_num FROM alembic_version")


class DatabaseMetrics:
    """The gauges of one database; `look` reads the revision, which a migration changes meanwhile."""

    def __init__(self, registry: CollectorRegistry, database: Database) -> None:
        self._database = database
        used = Gauge(
            "praxispost_pool_connections_used", "Database connections that are in use.", registry=registry
        )
        used.set_function(lambda: database.connections_used)
        most = Gauge(
            "praxispost_pool_connections_most",
            "Database connections that the process takes at the most.",
            registry=registry,
        )
        most.set(database.connections_most)
        self._revision = Info(
            "praxispost_schema_revision",
            "The revision of the database's schema.",
            registry=registry,
        )

    async def look(self) -> None:
        """Read the revision again."""
        async with self._database.transaction() as tx:
            revision = (await tx.execute(_REVISION)).scalar_one()
        self._revision.info({"revision": revision})
