"""In which language a person wants codes and notices."""

from chassis.caller import Caller
from chassis.database import Database
from services.identity.accounts.open_flows import lock_account
from services.identity.accounts.storage import Accounts
from services.identity.refusals import session_ended


class Languages:
    """The use case SetLanguage."""

    def __init__(self, database: Database, accounts: Accounts) -> None:
        self._database = database
        self._accounts = accounts

    async def set(self, caller: Caller, language: str) -> None:
        """Set it. Refuses SESSION_ENDED where the account is no more."""
        async with self._database.transaction() as tx:
            await lock_account(tx, caller.subject_id)
            if not await self._accounts.set_language(tx, caller.subject_id, language):
                raise session_ended()
