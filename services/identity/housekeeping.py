"""Removes what has expired: nothing of a person stays longer than it is needed."""

from collections.abc import Callable
from datetime import datetime

from chassis import logs
from chassis.database import Database
from services.identity.account_changes.storage import delete_expired_changes
from services.identity.code_windows import delete_old_windows
from services.identity.codes import delete_expired_codes
from services.identity.notice_delivery import delete_expired_notices
from services.identity.password_reset.storage import delete_expired_resets
from services.identity.registration.storage import delete_expired_registrations
from services.identity.sessions.account_login import delete_expired_logins
from services.identity.sessions.attempts import delete_old_attempts
from services.identity.sessions.storage import delete_old_sessions

_LOG = logs.get(__name__)
_DELETIONS = {
    "registration": delete_expired_registrations,
    "login": delete_expired_logins,
    "code": delete_expired_codes,
    "code_window": delete_old_windows,
    "login_attempt": delete_old_attempts,
    "session": delete_old_sessions,
    "notice": delete_expired_notices,
    "password_reset": delete_expired_resets,
    "contact_change": delete_expired_changes,
}


class Housekeeping:
    """Deletes expired rows of every kind, each kind in a transaction of its own."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def delete_expired(self) -> None:
        """Delete what has expired by now."""
        for table, delete_from in _DELETIONS.items():
            async with self._database.transaction() as tx:
                rows = await delete_from(tx, self._clock())
            if rows:
                _LOG.info("expired rows deleted", table=table, rows=rows)
