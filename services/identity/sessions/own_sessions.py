"""A person's own sessions: seen and ended from any of them."""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from chassis.caller import Caller
from chassis.database import Database
from chassis.paging import Position
from services.identity.refusals import session_not_found
from services.identity.sessions.domain import Session
from services.identity.sessions.storage import end_session, open_sessions


class OwnSessions:
    """Lists and ends the sessions of the caller; others' look like none."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def page(self, caller: Caller, after: Position | None, limit: int) -> Sequence[Session]:
        """The caller's open sessions, newest first."""
        before = None if after is None else (after.at, after.id)
        async with self._database.transaction() as tx:
            return await open_sessions(tx, caller.subject_id, self._clock(), before=before, limit=limit)

    async def end(self, caller: Caller, session_id: UUID) -> None:
        """End one. Refuses SESSION_NOT_FOUND."""
        async with self._database.transaction() as tx:
            found = await end_session(tx, caller.subject_id, session_id, self._clock())
        if not found:
            raise session_not_found()
