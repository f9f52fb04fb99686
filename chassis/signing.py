"""The Ed25519 key that a service signs with: kept wrapped in its key database, made once, published."""

from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.keys import KeyDatabase
from chassis.wrapping import WrappingKeys

_PUBLISHED_SECONDS = 60.0
_ADVISORY_LOCK = 6_412_093_881_137_205
_LOCK = text("SELECT pg_advisory_xact_lock(:key)")
_SELECT = text(
    "SELECT id, wrapped, wrapping_version, created_at FROM signing_key ORDER BY created_at DESC, id"
)
_INSERT = text(
    "INSERT INTO signing_key (id, wrapped, wrapping_version) VALUES (:id, :wrapped, :wrapping_version)"
)


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """The public half of a signing key: its name and the 32 raw bytes of RFC 8032."""

    id: str
    ed25519: bytes
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key to sign with; `id` goes into the header "kid"."""

    id: str
    private: Ed25519PrivateKey = field(repr=False)
    created_at: datetime

    @property
    def public(self) -> VerifyingKey:
        """What verifies its signatures."""
        return VerifyingKey(self.id, self.private.public_key().public_bytes_raw(), self.created_at)


class SigningKeys:
    """The signing keys of one service, the same in all its processes; the newest one signs."""

    def __init__(self, database: KeyDatabase, wrapping: WrappingKeys) -> None:
        self._database = database
        self._wrapping = wrapping
        self._current: SigningKey | None = None
        self._published: tuple[VerifyingKey, ...] = ()
        self._published_until = 0.0

    async def current(self) -> SigningKey:
        """The key to sign with, made now if there is none yet."""
        if self._current is None:
            self._current = (await self._load())[0]
        return self._current

    async def published(self) -> tuple[VerifyingKey, ...]:
        """All keys whose signatures are to be accepted, newest first; looked up once a minute at most."""
        if self._published_until < monotonic():
            self._published = tuple(key.public for key in await self._load())
            self._published_until = monotonic() + _PUBLISHED_SECONDS
        return self._published

    async def _load(self) -> list[SigningKey]:
        async with self._database.transaction() as tx:
            keys = await self._stored(tx)
            if not keys:
                await tx.execute(_LOCK, {"key": _ADVISORY_LOCK})
                if not await self._stored(tx):
                    await self._make(tx)
                keys = await self._stored(tx)
            return keys

    async def _stored(self, tx: AsyncConnection) -> list[SigningKey]:
        return [
            SigningKey(
                row.id,
                Ed25519PrivateKey.from_private_bytes(
                    self._wrapping.unwrap(row.wrapping_version, row.wrapped, "signing_key", row.id)
                ),
                row.created_at,
            )
            for row in await tx.execute(_SELECT)
        ]

    async def _make(self, tx: AsyncConnection) -> None:
        key_id = uuid4().hex
        private = Ed25519PrivateKey.generate().private_bytes_raw()
        version, wrapped = self._wrapping.wrap(private, "signing_key", key_id)
        await tx.execute(_INSERT, {"id": key_id, "wrapped": wrapped, "wrapping_version": version})
