"""Deletes documents that no message will ever have: broken uploads, and what nobody sent within a day."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from chassis import logs
from chassis.database import Database
from chassis.refusal import Refusal
from services.attachments import originals, storage
from services.attachments.domain import LIFETIME_UNCLAIMED, State
from services.attachments.due import Due, find_due
from services.attachments.lookups import Holders
from services.attachments.objects import ObjectStore, StoreUnavailable
from services.attachments.storage import Seen
from services.attachments.uploads import STALE_AFTER

_LOG = logs.get(__name__)
_PAGE = 500

Lookup = Callable[[UUID, Collection[UUID]], Awaitable[Holders]]


@dataclass(slots=True)
class Collected:
    """What one run did: documents deleted, and documents that turned out to be in a message."""

    deleted: int = 0
    confirmed: int = 0


class Collector:
    """The use case of the worker; each step can be broken off and is taken up by the next run."""

    def __init__(
        self,
        *,
        database: Database,
        store: ObjectStore,
        holders: Lookup,
        clock: Callable[[], datetime],
        unclaimed_for: timedelta = LIFETIME_UNCLAIMED,
        stale_for: timedelta = STALE_AFTER,
    ) -> None:
        self._database = database
        self._store = store
        self._holders = holders
        self._clock = clock
        self._unclaimed_for = unclaimed_for
        self._stale_for = stale_for

    async def collect(self) -> Collected:
        """Do all that is due now. Without messaging's word no claimed document is touched."""
        collected, now = Collected(), self._clock()
        await self._give_up(State.UPLOADING, now - self._stale_for)
        await self._give_up(State.READY, now - self._unclaimed_for)
        await self._settle_claims(now - self._unclaimed_for, collected)
        await self._delete(collected)
        _LOG.info("collected", count=collected.deleted, kind="attachment")
        return collected

    async def _give_up(self, state: State, before: datetime) -> None:
        while due := await self._due(state, before):
            for each in due:
                await self._begin_deletion(each)

    async def _settle_claims(self, before: datetime, collected: Collected) -> None:
        try:
            while due := await self._due(State.CLAIMED, before):
                for practice_id, claimed in _by_practice(due).items():
                    await self._settle(practice_id, claimed, collected)
        except Refusal as error:
            _LOG.warning("claims not settled", error=error, dependency="messaging")

    async def _settle(self, practice_id: UUID, claimed: list[Due], collected: Collected) -> None:
        holders = await self._holders(practice_id, {each.id for each in claimed})
        for each in claimed:
            if each.id in holders.sent:
                async with self._database.transaction([practice_id]) as tx:
                    await storage.confirm(tx, practice_id, each.id)
                collected.confirmed += 1
            elif each.id in holders.drafted:
                async with self._database.transaction([practice_id]) as tx:
                    await storage.postpone(tx, practice_id, each.id, self._clock())
            else:
                await self._begin_deletion(each)

    async def _begin_deletion(self, due: Due) -> None:
        """Only of what is still as it was seen: a claim that came meanwhile keeps its document."""
        seen = Seen(due.state, due.state_at)
        async with self._database.transaction([due.practice_id]) as tx:
            await storage.begin_deletion(tx, due.practice_id, due.id, seen, self._clock())

    async def _delete(self, collected: Collected) -> None:
        """The objects first, then the row that knows of them."""
        try:
            while due := await self._due(State.DELETING, self._clock()):
                for each in due:
                    await self._remove_objects(each)
                    async with self._database.transaction([each.practice_id]) as tx:
                        await storage.end_deletion(tx, each.practice_id, each.id, self._clock())
                    collected.deleted += 1
        except StoreUnavailable as error:
            _LOG.warning("objects not removed", error=error, dependency="store")

    async def _remove_objects(self, due: Due) -> None:
        async with self._database.transaction([due.practice_id]) as tx:
            original = await originals.find(tx, due.practice_id, due.id)
        await self._store.remove(due.object_key)
        if original is not None and original.object_key is not None:
            await self._store.remove(original.object_key)

    async def _due(self, state: State, before: datetime) -> list[Due]:
        async with self._database.transaction() as tx:
            return await find_due(tx, state, before, _PAGE)


def _by_practice(due: Iterable[Due]) -> dict[UUID, list[Due]]:
    by_practice = defaultdict(list)
    for each in due:
        by_practice[each.practice_id].append(each)
    return dict(by_practice)
