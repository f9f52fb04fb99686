"""The durable way to follow a practice: every change once, oldest first."""

from collections.abc import Sequence
from typing import Final

from chassis.caller import Caller
from chassis.database import Database
from chassis.paging import read_token, write_token
from chassis.refusal import invalid
from services.messaging.callers import practice_of
from services.messaging.changes import storage
from services.messaging.changes.domain import Change

_HIGHEST: Final = 2**63 - 1


class ChangeListing:
    """Lists changes for the practice's side."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, caller: Caller, token: str, size: int) -> tuple[Sequence[Change], str]:
        """Up to `size` changes after the token, and the token to go on with, which is never empty."""
        practice_id, since = practice_of(caller), _sequence(token)
        async with self._database.transaction(caller.tenants) as tx:
            found = await storage.after(tx, {practice_id: since}, size)
        last = found[-1].sequence if found else since
        return [each.change for each in found], write_token(str(last))


def _sequence(token: str) -> int:
    if not token:
        return 0
    (number,) = read_token(token, 1)
    if not (number.isascii() and number.isdigit() and len(number) <= len(str(_HIGHEST))):
        raise _malformed()
    sequence = int(number)
    if sequence > _HIGHEST:
        raise _malformed()
    return sequence


def _malformed() -> Exception:
    return invalid("page_token", "must be a token that a page before came with")
