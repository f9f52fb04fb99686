"""Removes what lies in the bucket and belongs to no document: the last trace of a process that died."""

from collections.abc import Callable
from datetime import datetime, timedelta

from chassis import logs
from chassis.database import Database
from services.attachments.due import find_known
from services.attachments.objects import Listed, ObjectStore, StoreUnavailable

_LOG = logs.get(__name__)
_PAGE = 1000
_YOUNG = timedelta(hours=24)


class OrphanSweep:
    """Goes through the whole bucket, page by page; leaves alone what is younger than a day."""

    def __init__(
        self,
        *,
        database: Database,
        store: ObjectStore,
        clock: Callable[[], datetime],
        young_for: timedelta = _YOUNG,
    ) -> None:
        self._database = database
        self._store = store
        self._clock = clock
        self._young_for = young_for

    async def sweep(self) -> int:
        """How many objects were removed; uploads that were broken off in the middle go, too."""
        before = self._clock() - self._young_for
        removed, last = 0, ""
        try:
            await self._store.abort_uploads(before)
            while page := await self._store.list_after(last, _PAGE):
                removed += await self._remove_orphans([each for each in page if each.modified_at < before])
                last = page[-1].key
        except StoreUnavailable as error:
            _LOG.warning("bucket not swept to its end", error=error, dependency="store")
        if removed:
            _LOG.warning("orphans removed", count=removed, kind="object")
        return removed

    async def _remove_orphans(self, listed: list[Listed]) -> int:
        keys = [each.key for each in listed]
        async with self._database.transaction() as tx:
            known = await find_known(tx, keys)
        orphans = [key for key in keys if key not in known]
        for key in orphans:
            await self._store.remove(key)
        return len(orphans)
