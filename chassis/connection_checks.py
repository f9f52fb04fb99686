"""Sees to it that transactions begin on living connections, without asking each time.

SQLAlchemy's own check before each use makes three round trips, as many as a short transaction itself.
"""

from time import monotonic
from typing import Any

from sqlalchemy import event
from sqlalchemy.exc import DisconnectionError, InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine

_USED_AT = "praxispost.used_at"
# The driver sees at once when the other side closes a connection; only one that vanished without a word, as a
# firewall's idle limit makes it, must be asked.
_TRUSTED_SECONDS = 5.0


def check_connections(engine: AsyncEngine) -> None:
    """Replace connections that were closed, or do not answer after a pause, before they are used."""
    dialect = engine.sync_engine.dialect

    def used(connection: Any, record: Any) -> None:
        record.info[_USED_AT] = monotonic()

    def check(connection: Any, record: Any, proxy: Any) -> None:
        if connection is None or connection.driver_connection.is_closed():
            raise DisconnectionError  # only this one is replaced: it may have been closed on purpose
        if monotonic() - record.info.get(_USED_AT, monotonic()) < _TRUSTED_SECONDS:
            return
        try:
            dialect.do_ping(connection)
        except dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError from error

    event.listen(engine.sync_engine, "checkin", used)
    event.listen(engine.sync_engine, "checkout", check)
