"""Keys for single pieces of data, so that one piece can be destroyed without touching any other.

They are made many at a time and taken one by one: what is written needs no round trip of its own for them.
"""

import asyncio
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import text

from chassis.kept import Kept
from chassis.keys import KEPT_SECONDS, MOST_KEPT, KeyDatabase
from chassis.sealing import KEY_BYTES
from chassis.wrapping import WrappingKeys

_PURPOSE: Final = "data_key"
_MADE_AT_ONCE: Final = 128
_INSERT: Final = text(
    "INSERT INTO data_key (id, wrapped, wrapping_version) SELECT * FROM unnest("
    "CAST(:ids AS uuid[]), CAST(:wrapped AS bytea[]), CAST(:versions AS integer[]))"
)
_SELECT: Final = text(
    "SELECT id, wrapped, wrapping_version FROM data_key WHERE id = ANY (CAST(:ids AS uuid[]))"
)
_DESTROY: Final = text("SELECT destroy_data_keys(CAST(:ids AS uuid[]))")


@dataclass(frozen=True, slots=True)
class DataKey:
    """A key (32 bytes), and the id under which it is found again."""

    id: UUID
    key: bytes


class DataKeys:
    """Makes data keys, and reads them; what was read is kept for five minutes."""

    def __init__(self, database: KeyDatabase, wrapping: WrappingKeys) -> None:
        self._database = database
        self._wrapping = wrapping
        self._kept: Kept[UUID, bytes] = Kept(most=MOST_KEPT, seconds=KEPT_SECONDS)
        self._spare: list[DataKey] = []
        self._making = asyncio.Lock()

    async def take(self) -> DataKey:
        """A key that nobody else has or gets; it is stored before anything can be sealed under it."""
        (taken,) = await self.take_all(1)
        return taken

    async def take_all(self, count: int) -> Sequence[DataKey]:
        """So many such keys."""
        async with self._making:
            while len(self._spare) < count:
                self._spare += await self._make()
            taken = [self._spare.pop() for _ in range(count)]
        self._kept.keep({each.id: each.key for each in taken})
        return taken

    async def find(self, ids: Collection[UUID]) -> Mapping[UUID, bytes]:
        """Those of the keys that exist; they come in one round trip."""
        found = self._kept.recall(ids)
        missing = sorted(set(ids) - found.keys())
        if missing:
            fetched = await self._fetch(missing)
            self._kept.keep(fetched)
            found |= fetched
        return found

    async def _fetch(self, ids: list[UUID]) -> dict[UUID, bytes]:
        async with self._database.transaction() as tx:
            rows = (await tx.execute(_SELECT, {"ids": ids})).all()
        return {
            row.id: self._wrapping.unwrap(row.wrapping_version, row.wrapped, _PURPOSE, row.id) for row in rows
        }

    async def _make(self) -> list[DataKey]:
        made = [DataKey(uuid4(), os.urandom(KEY_BYTES)) for _ in range(_MADE_AT_ONCE)]
        wrapped = [self._wrapping.wrap(each.key, _PURPOSE, each.id) for each in made]
        values = {
            "ids": [each.id for each in made],
            "wrapped": [value for _, value in wrapped],
            "versions": [version for version, _ in wrapped],
        }
        async with self._database.transaction() as tx:
            await tx.execute(_INSERT, values)
        return made


async def destroy_data_keys(database: KeyDatabase, ids: Collection[UUID]) -> None:
    """Destroy keys: nothing sealed under them can be opened any more, elsewhere after 5 minutes."""
    async with database.transaction() as tx:
        await tx.execute(_DESTROY, {"ids": list(ids)})
