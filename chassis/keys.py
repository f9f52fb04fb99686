"""The keys a service encrypts with: one per subject and a few of its own, wrapped in its key database."""

import os
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.blind_index import BlindIndex
from chassis.database import Database
from chassis.kept import Kept
from chassis.sealing import KEY_BYTES, CiphertextMoved, Sealer
from chassis.wrapping import FileWrappingKeys, WrappingKeys

__all__ = [
    "BlindIndex",
    "CiphertextMoved",
    "FileWrappingKeys",
    "KeyDatabase",
    "Keys",
    "NewKey",
    "Sealer",
    "WrappingKeys",
]

MOST_KEPT = 20_000
KEPT_SECONDS = 300.0
_SELECT_SUBJECTS = text(
    "SELECT subject_id, version, wrapped, wrapping_version FROM subject_key"
    " WHERE subject_id = ANY (CAST(:ids AS uuid[]))"
)
_INSERT = (
    "INSERT INTO subject_key (subject_id, version, wrapped, wrapping_version)"
    " SELECT subject_id, 1, wrapped, wrapping_version FROM unnest("
    "CAST(:ids AS uuid[]), CAST(:wrapped AS bytea[]), CAST(:versions AS integer[])"
    ") AS made (subject_id, wrapped, wrapping_version) ORDER BY subject_id"
)
_INSERT_NEW_SUBJECTS = text(_INSERT)
_INSERT_SUBJECTS = text(f"{_INSERT} ON CONFLICT DO NOTHING")
_DESTROY_SUBJECT = text("SELECT destroy_subject_key(:subject_id)")
_SELECT_SERVICE = text("SELECT wrapped, wrapping_version FROM service_key WHERE name = :name")
_INSERT_SERVICE = text(
    "INSERT INTO service_key (name, wrapped, wrapping_version) VALUES (:name, :wrapped, :version)"
    " ON CONFLICT DO NOTHING"
)


@dataclass(frozen=True, slots=True, repr=False)
class NewKey:
    """A new subject's key, as it seals and as it is stored; nobody may see it in a log."""

    subject_id: UUID
    sealer: Sealer
    wrapped: bytes
    wrapping_version: int


class KeyDatabase:
    """A service's key database (`postgresql://…`), apart from its data so that backups can differ."""

    def __init__(self, url: str) -> None:
        self._database = Database(url, pool_size=3)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """One transaction, committed at the end of the block."""
        async with self._database.transaction() as tx:
            yield tx

    async def close(self) -> None:
        """Close every connection."""
        await self._database.close()


class Keys:
    """The unwrapped keys of a service: read when needed, made where missing, kept for five minutes."""

    def __init__(self, database: KeyDatabase, wrapping: WrappingKeys) -> None:
        self._database = database
        self._wrapping = wrapping
        self._kept: Kept[UUID, Sealer] = Kept(most=MOST_KEPT, seconds=KEPT_SECONDS)
        self._service_keys: dict[str, bytes] = {}

    async def sealer(self, subject_id: UUID) -> Sealer:
        """The sealer of a subject, whose key is made now if there is none."""
        return (await self.sealers((subject_id,)))[subject_id]

    async def sealers(self, subject_ids: Collection[UUID]) -> Mapping[UUID, Sealer]:
        """The sealers of several subjects in one round trip; keys are made where there are none."""
        found = self._kept.recall(subject_ids)
        missing = sorted(set(subject_ids) - found.keys())
        if missing:
            fetched = await self._fetch_or_make(missing)
            self._kept.keep(fetched)
            found |= fetched
        return found

    def new(self, subject_id: UUID) -> NewKey:
        """A key for a new subject, made without a look; `store_new` stores it."""
        key = os.urandom(KEY_BYTES)
        wrapping_version, wrapped = self._wrapping.wrap(key, "subject_key", subject_id, "1")
        return NewKey(subject_id, Sealer({1: key}), wrapped, wrapping_version)

    async def store_new(self, keys: Collection[NewKey]) -> None:
        """Store keys, before what they sealed is committed; fails where a subject has a key."""
        async with self._database.transaction() as tx:
            await _store(tx, _INSERT_NEW_SUBJECTS, keys)
        self._kept.keep({each.subject_id: each.sealer for each in keys})

    async def destroy(self, subject_id: UUID) -> None:
        """Destroy a subject's keys: nothing they sealed can be opened any more, elsewhere after 5 minutes."""
        async with self._database.transaction() as tx:
            await tx.execute(_DESTROY_SUBJECT, {"subject_id": subject_id})
        self._kept.forget(subject_id)

    async def service_key(self, name: str) -> bytes:
        """The service's own 32-byte key of this name, the same in all its processes for ever."""
        if name not in self._service_keys:
            async with self._database.transaction() as tx:
                self._service_keys[name] = await self._service_key(tx, name)
        return self._service_keys[name]

    async def _fetch_or_make(self, subject_ids: list[UUID]) -> dict[UUID, Sealer]:
        async with self._database.transaction() as tx:
            found = await self._fetch(tx, subject_ids)
            missing = [each for each in subject_ids if each not in found]
            if missing:
                # One that another process makes at the same moment stays, and ours is dropped.
                await _store(tx, _INSERT_SUBJECTS, [self.new(each) for each in missing])
                found |= await self._fetch(tx, missing)
            return found

    async def _fetch(self, tx: AsyncConnection, subject_ids: list[UUID]) -> dict[UUID, Sealer]:
        versions: dict[UUID, dict[int, bytes]] = {}
        for row in await tx.execute(_SELECT_SUBJECTS, {"ids": subject_ids}):
            key = self._wrapping.unwrap(
                row.wrapping_version, row.wrapped, "subject_key", row.subject_id, str(row.version)
            )
            versions.setdefault(row.subject_id, {})[row.version] = key
        return {subject_id: Sealer(keys) for subject_id, keys in versions.items()}

    async def _service_key(self, tx: AsyncConnection, name: str) -> bytes:
        row = (await tx.execute(_SELECT_SERVICE, {"name": name})).one_or_none()
        if row is None:
            version, wrapped = self._wrapping.wrap(os.urandom(KEY_BYTES), "service_key", name)
            await tx.execute(_INSERT_SERVICE, {"name": name, "wrapped": wrapped, "version": version})
            row = (await tx.execute(_SELECT_SERVICE, {"name": name})).one()
        return self._wrapping.unwrap(row.wrapping_version, row.wrapped, "service_key", name)


async def _store(tx: AsyncConnection, statement: TextClause, keys: Collection[NewKey]) -> None:
    await tx.execute(
        statement,
        {
            "ids": [each.subject_id for each in keys],
            "wrapped": [each.wrapped for each in keys],
            "versions": [each.wrapping_version for each in keys],
        },
    )
