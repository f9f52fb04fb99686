"""Takes documents back whose message was withdrawn, and destroys those whose content is erased."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from chassis.audit import record_audit
from chassis.caller import Caller
from chassis.database import Database
from services.attachments import originals, storage


class Withdrawals:
    """The use cases of WithdrawAttachments and EraseAttachments; who may withdraw is messaging's to know."""

    def __init__(self, *, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def withdraw(self, practice_id: UUID, message_id: UUID) -> None:
        """From now on no grant of an account opens the message's documents."""
        async with self._database.transaction([practice_id]) as tx:
            await storage.withdraw(tx, practice_id, message_id, self._clock())

    async def erase(self, caller: Caller, practice_id: UUID, message_id: UUID) -> None:
        """From now on nothing opens the message's documents; the collector removes what is left of them."""
        now = self._clock()
        async with self._database.transaction([practice_id]) as tx:
            erased = await storage.erase(tx, practice_id, message_id, now)
            await originals.destroy_keys(tx, practice_id, erased)
            for erased_id in erased:
                await record_audit(
                    tx,
                    caller=caller,
                    tenant_id=practice_id,
                    action="erase_attachment",
                    object_kind="attachment",
                    object_id=erased_id,
                    now=now,
                )
