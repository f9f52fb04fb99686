"""Says whether the api can do its work: with its database, and also without the object store."""

import asyncio
from collections.abc import Callable

from sqlalchemy import text

from chassis import logs
from chassis.database import Database
from chassis.refusal import Refusal
from chassis.wakeups import pause

_LOG = logs.get(__name__)
_EVERY = 5.0


async def watch_database(database: Database, tell: Callable[[bool], None], stop: asyncio.Event) -> None:
    """Tell every five seconds, until stopped, whether the database answers."""
    answered = True
    while not stop.is_set():
        answers = await _answers(database)
        if answers and not answered:
            _LOG.info("database answers again")
        elif answered and not answers:
            _LOG.warning("database does not answer")
        answered = answers
        if not stop.is_set():
            tell(answers)
        await pause(_EVERY, stop)


async def _answers(database: Database) -> bool:
    try:
        async with database.transaction() as tx:
            await tx.execute(text("SELECT 1"))
    except Refusal:
        return False
    return True
