"""Reminds patients once of what was prompted days ago and not read, with one letter for all of it."""

import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import and_, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import Database, wake_after_commit
from services.notifier.prompts import addressees, storage
from services.notifier.prompts.domain import Kind, Prompt
from services.notifier.prompts.gathering import REFERENCE_BYTES
from services.notifier.tables import waiting_message

_AT_ONCE: Final = 500


class Reminding:
    """Makes the reminders that are due; sending them is the sender's."""

    def __init__(
        self, database: Database, *, clock: Callable[[], datetime], new_id: Callable[[], UUID]
    ) -> None:
        self._database = database
        self._clock = clock
        self._new_id = new_id

    async def run(self) -> bool:
        """Make some; True where there may be more. For `Worker.every`."""
        now = self._clock()
        found = func.patients_to_remind(now, _AT_ONCE).table_valued("practice_id", "patient_id")
        async with self._database.transaction() as tx:
            patients = (await tx.execute(select(found))).all()
        for practice_id, patient_id in patients:
            async with self._database.transaction([practice_id]) as tx:
                await self._remind(tx, practice_id, patient_id, now)
        return bool(patients)

    async def _remind(self, tx: AsyncConnection, practice_id: UUID, patient_id: UUID, now: datetime) -> None:
        await addressees.lock(tx, practice_id, patient_id)
        due = and_(
            waiting_message.c.practice_id == practice_id,
            waiting_message.c.patient_id == patient_id,
            waiting_message.c.closed_at.is_(None),
            waiting_message.c.remind_at <= now,
        )
        taking = update(waiting_message).where(due).values(remind_at=None, reminded_at=now)
        taken = (await tx.execute(taking.returning(waiting_message.c.id, waiting_message.c.sent_at))).all()
        if not taken:
            return
        reminder = Prompt(
            practice_id=practice_id,
            id=self._new_id(),
            patient_id=patient_id,
            reference=secrets.token_urlsafe(REFERENCE_BYTES),
            kind=Kind.REMINDER,
            sent_at=min(each.sent_at for each in taken),
            created_at=now,
            attempt=0,
        )
        await storage.add_letters(tx, [storage.NewLetter(reminder, now)])
        its_messages = [storage.SpokenFor(practice_id, reminder.id, each.id, now) for each in taken]
        await storage.add_messages(tx, its_messages)
        wake_after_commit(tx, storage.PROMPTS_CHANNEL)
