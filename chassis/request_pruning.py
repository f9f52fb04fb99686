"""Forgets requests that were carried out so long ago that nobody repeats them any more."""

from datetime import timedelta
from typing import Final

from sqlalchemy import Interval, bindparam, text

from chassis.database import Database

# Longer than any client goes on with a request: a computer that was away for the holidays is covered.
KEPT: Final = timedelta(days=30)
# Few enough that no transaction holds back what others do with the table.
_MOST_AT_ONCE: Final = 1_000
_FORGET: Final = text("SELECT forget_requests(now() - :kept, :most)").bindparams(
    bindparam("kept", type_=Interval)
)


class RequestPruning:
    """The worker's loop over all tenants' requests; after that a repetition is a new request."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def forget_some(self) -> bool:
        """Forget the oldest ones; True where there may be more."""
        async with self._database.transaction() as tx:
            forgotten: int = (await tx.execute(_FORGET, {"kept": KEPT, "most": _MOST_AT_ONCE})).scalar_one()
        return forgotten == _MOST_AT_ONCE
