"""Takes in that whoever reads at an address is not the patient."""

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from chassis import logs
from chassis.database import Database
from services.notifier import refusals
from services.notifier.prompts import addressees, letters
from services.notifier.prompts.standing import Reason
from services.notifier.prompts.suspecting import suspect

_PER_MINUTE: Final = 60
_MINUTE: Final = timedelta(minutes=1)
_LOG = logs.get(__name__)


class RateLimit:
    """At most so many in any minute, of this process."""

    def __init__(self, most: int = _PER_MINUTE) -> None:
        self._most = most
        self._taken: deque[datetime] = deque()

    def take(self, now: datetime) -> bool:
        """Take one if there is one left."""
        while self._taken and self._taken[0] <= now - _MINUTE:
            self._taken.popleft()
        if len(self._taken) >= self._most:
            return False
        self._taken.append(now)
        return True


class NotForMe:
    """Reports by the reference of a link; nobody can tell from the answer whether there is such a link."""

    def __init__(self, database: Database, limit: RateLimit, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._limit = limit
        self._clock = clock

    async def report(self, reference: str) -> None:
        """Suspect the address that the link went to. Refuses TOO_MANY_REPORTS."""
        now = self._clock()
        if not self._limit.take(now):
            raise refusals.too_many_reports()
        async with self._database.transaction() as tx:
            found = await letters.practice_of_reference(tx, reference)
        if found is None:
            _LOG.info("not for me: reference is not known")
            return
        practice_id, letter_id = found
        async with self._database.transaction([practice_id]) as tx:
            letter = await letters.read(tx, practice_id, letter_id)
            if not letter.contact_version:
                return  # a link that did not go out yet was guessed, or its sending is not recorded yet
            await addressees.lock(tx, practice_id, letter.patient_id)
            if await letters.add_report(tx, letter, "not_for_me", now, ""):
                await suspect(
                    tx, practice_id, letter.patient_id, letter.contact_version, Reason.NOT_FOR_ME, now
                )
                _LOG.info("not for me", prompt_id=letter_id)
