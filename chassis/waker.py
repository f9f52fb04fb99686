"""Sends the wakes of committed transactions, many in one statement."""

import asyncio
from collections.abc import Iterable

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from chassis import logs

Wake = tuple[str, str]

_LOG = logs.get(__name__)
_NOTIFY = text(
    "SELECT pg_notify(wake.channel, wake.payload)"
    " FROM unnest(CAST(:channels AS text[]), CAST(:payloads AS text[])) AS wake (channel, payload)"
)


class Waker:
    """Notifies in a connection of its own and outside of any transaction that matters.

    NOTIFY takes a lock on the whole database at commit, so it must not be part of a busy transaction.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._due: dict[Wake, None] = {}
        self._sending: asyncio.Task[None] | None = None

    def wake(self, wakes: Iterable[Wake]) -> None:
        """Send these soon, together with others that are due; never fails."""
        self._due.update(dict.fromkeys(wakes))
        if self._due and (self._sending is None or self._sending.done()):
            self._sending = asyncio.create_task(self._send())

    async def close(self) -> None:
        """Send what is due and close the connection."""
        if self._sending is not None:
            await self._sending
        await self._engine.dispose()

    async def _send(self) -> None:
        while self._due:
            wakes, self._due = self._due, {}
            channels, payloads = zip(*wakes, strict=True)
            try:
                async with self._engine.connect() as connection:
                    await connection.execute(
                        _NOTIFY, {"channels": list(channels), "payloads": list(payloads)}
                    )
            except Exception as error:  # listeners look by themselves too, so a lost wake costs time only
                _LOG.warning("wakes not sent", error=error, count=len(wakes))
