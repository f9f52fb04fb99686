"""Records what a delivery report is evidence of, with its events, in one transaction."""

import enum
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import logs, outbox
from chassis.database import Database
from chassis.events import Event
from services.notifier.bounces.domain import Action, Finding, Report, find, is_hard, why
from services.notifier.bounces.exchangers import Exchangers
from services.notifier.prompts import addressees, letters, waiting
from services.notifier.prompts.domain import Kind
from services.notifier.prompts.events import Told
from services.notifier.prompts.letters import Letter
from services.notifier.prompts.standing import Reason
from services.notifier.prompts.suspecting import suspect

_LOG = logs.get(__name__)


class Recorded(enum.Enum):
    """What became of a report."""

    DONE = "done"
    UNKNOWN = "unknown"
    TOO_EARLY = "too_early"


class Recording:
    """Reports become evidence of prompts; each kind counts once for a letter."""

    def __init__(self, database: Database, exchangers: Exchangers, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._exchangers = exchangers
        self._clock = clock

    async def knows(self, letter_id: UUID) -> bool:
        """Whether there is such a letter."""
        async with self._database.transaction() as tx:
            return await letters.practice_of_letter(tx, letter_id) is not None

    async def record(self, letter_id: UUID, report: Report) -> Recorded:
        """Record it. Too early: that the letter went is not recorded yet, so the report must come again."""
        relayed = report.action is Action.RELAYED
        own_servers = await self._exchangers.of(report.domain) if relayed else frozenset[str]()
        async with self._database.transaction() as tx:
            found = await letters.practice_of_letter(tx, letter_id)
        if found is None:
            return Recorded.UNKNOWN
        practice_id, _ = found
        finding = find(report, own_servers)
        async with self._database.transaction([practice_id]) as tx:
            letter = await letters.read(tx, practice_id, letter_id)
            if letter.contact_version is None:
                return Recorded.TOO_EARLY
            await addressees.lock(tx, practice_id, letter.patient_id)
            await self._take_in(tx, letter, letter.contact_version, report, finding)
        _LOG.info("delivery report", prompt_id=letter_id, result=finding, code=report.status)
        return Recorded.DONE

    async def _take_in(
        self, tx: AsyncConnection, letter: Letter, version: int, report: Report, finding: Finding
    ) -> None:
        now = self._clock()
        if not await letters.add_report(tx, letter, finding.value, now, report.status):
            return
        told = Told(letter.practice_id, letter.id, letter.attempts, version, now)
        message_ids = await waiting.spoken_for(tx, letter.practice_id, letter.id)
        events: list[Event] = []
        if finding is Finding.DELIVERED:
            events = told.delivered(message_ids)
        elif letter.kind is Kind.REMINDER and not is_hard(report):
            pass  # the prompt before it told more
        elif finding is Finding.DELAYED:
            events = told.delayed(message_ids)
        elif finding is Finding.FAILED:
            events = told.failed(message_ids, why(report))
        await outbox.record_all(tx, events)
        if is_hard(report):
            await suspect(tx, letter.practice_id, letter.patient_id, version, Reason.BOUNCED, now)
