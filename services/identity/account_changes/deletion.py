"""The end of an account: its bindings, sessions, data and key go; the practices' records stay."""

from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.audit import record_audit
from chassis.caller import Caller
from chassis.database import Database, wake_after_commit
from services.identity.account_changes.doomed_keys import DOOMED_CHANNEL
from services.identity.account_changes.fresh_proof import check_fresh_proof
from services.identity.account_changes.holding import hold_account
from services.identity.account_changes.passwords import AccountPasswords
from services.identity.accounts.open_flows import end_open_flows
from services.identity.accounts.storage import Accounts, delete_account, pair_of_account
from services.identity.patients.states import binding_changed
from services.identity.refusals import patient_changed, session_ended
from services.identity.sessions.storage import end_sessions_of
from services.identity.tables.account_changes import doomed_key
from services.identity.tables.practices import binding

_TRIES: Final = 5
_B = binding.c


class Deletion:
    """The use case DeleteAccount."""

    def __init__(
        self,
        database: Database,
        accounts: Accounts,
        passwords: AccountPasswords,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._passwords = passwords
        self._clock = clock

    async def delete(self, caller: Caller, password: str) -> None:
        """Delete the caller's account.

        Refuses SMS_PROOF_TOO_OLD, SESSION_ENDED, INVALID_FIELD, PASSWORD_REFUSED, TOO_MANY_ATTEMPTS.
        """
        now = self._clock()
        async with self._database.transaction() as tx:
            await check_fresh_proof(tx, caller, now)
            contact = await self._accounts.contact(tx, caller.subject_id)
        if contact is None:
            raise session_ended()
        await self._passwords.check(caller.subject_id, contact.email, contact.email, password)
        for _ in range(_TRIES):
            async with self._database.transaction() as tx:
                if await self._try_delete(tx, caller, now):
                    return
        raise patient_changed()

    async def _try_delete(self, tx: AsyncConnection, caller: Caller, now: datetime) -> bool:
        """False where the locks were not the right ones."""
        await check_fresh_proof(tx, caller, now)
        return await end_account(tx, caller.subject_id, caller, now)


async def end_account(tx: AsyncConnection, account_id: UUID, caller: Caller, now: datetime) -> bool:
    """Delete the account; False where the locks were not the right ones. Refuses SESSION_ENDED."""
    pair_index = await pair_of_account(tx, account_id)
    if pair_index is None:
        raise session_ended()
    practices = await hold_account(tx, account_id, pair_index)
    if practices is None:
        return False
    for practice_id in practices:
        await _end_bindings(tx, account_id, caller, practice_id, now)
    await end_open_flows(tx, account_id, pair_index)
    await end_sessions_of(tx, account_id, now)
    await delete_account(tx, account_id)
    await tx.execute(insert(doomed_key).values(subject_id=account_id, since=now))
    wake_after_commit(tx, DOOMED_CHANNEL)
    return True


async def _end_bindings(
    tx: AsyncConnection, account_id: UUID, caller: Caller, practice_id: UUID, now: datetime
) -> None:
    these = (_B.practice_id == practice_id, _B.account_id == account_id, _B.state != "ended")
    patients = sorted(set((await tx.execute(select(_B.patient_id).where(*these))).scalars()))
    await tx.execute(update(binding).where(*these).values(state="ended"))
    for patient_id in patients:
        await binding_changed(tx, practice_id, patient_id, now)
        await record_audit(
            tx,
            caller=caller,
            tenant_id=practice_id,
            action="unbind",
            object_kind="patient",
            object_id=patient_id,
            now=now,
        )
