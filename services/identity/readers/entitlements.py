"""For whom an account's person reads at this moment: bound patients, and those whom these represent."""

from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import Uuid, bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.caller import Entitlement
from services.identity.accounts.domain import REPRESENTATIVE
from services.identity.readers.representations import Representations

_BINDINGS: Final = text("SELECT practice_id, patient_id, kind FROM active_bindings(:id)").bindparams(
    bindparam("id", type_=Uuid)
)


class Entitlements:
    """Finds what a token of an account's person states."""

    def __init__(self, representations: Representations) -> None:
        self._representations = representations

    async def of_account(self, tx: AsyncConnection, account_id: UUID, today: date) -> tuple[Entitlement, ...]:
        """All that holds today, by practice and patient; who reads for themselves needs no representative."""
        rows = await tx.execute(_BINDINGS, {"id": account_id})
        own = {(row.practice_id, row.patient_id): row.kind for row in rows}
        represented = await self._representations.of_account(tx, account_id, today)
        kinds = {(each.practice_id, each.patient_id): REPRESENTATIVE for each in represented} | own
        return tuple(
            Entitlement(practice_id, patient_id, kind)
            for (practice_id, patient_id), kind in sorted(kinds.items())
        )
