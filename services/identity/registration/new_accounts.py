"""Makes the account of a registration that led to a record."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.identity.accounts.storage import AccountContact, Accounts, NewAccount
from services.identity.registration.domain import Registration
from services.identity.registration.storage import Registrations


class NewAccounts:
    """Turns what was typed and proven into an account."""

    def __init__(self, registrations: Registrations, accounts: Accounts, new_id: Callable[[], UUID]) -> None:
        self._registrations = registrations
        self._accounts = accounts
        self._new_id = new_id

    async def add(self, tx: AsyncConnection, registration: Registration, now: datetime) -> UUID:
        """The id of the new account; the caller knows, behind the lock on the pair, that there is none."""
        typed = await self._registrations.typed(tx, registration.id)
        new = NewAccount(
            id=self._new_id(),
            email_index=registration.email_index,
            pair_index=registration.pair_index,
            password_hash=typed.password_hash,
            contact=AccountContact(typed.email, typed.mobile, typed.language),
        )
        await self._accounts.add(tx, new, now)
        return new.id
