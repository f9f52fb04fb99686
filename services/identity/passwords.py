"""Argon2id over passwords, two at a time and off the event loop."""

import asyncio
import base64
import hmac
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Literal

from argon2.low_level import Type, hash_secret_raw

Holder = Literal["staff", "account"]

PASSWORD_KEY: Final = "password"

_AT_ONCE: Final = 2
_LENGTH: Final = 32
_SALT_LENGTH: Final = 16


@dataclass(frozen=True, slots=True)
class Cost:
    """What one computation costs (RFC 9106); `label` stands before each hash that was made at this cost."""

    label: str
    time: int
    memory_kib: int
    lanes: int


FULL_COST: Final = Cost("argon2id-1", time=3, memory_kib=65536, lanes=4)


class Passwords:
    """Hashes passwords; one computation serves every person who shares an e-mail address.

    Why the salt is derived and not stored: docs/decisions/, "One Argon2 for everybody at an address".
    """

    def __init__(self, key: bytes, cost: Cost = FULL_COST) -> None:
        self._key = key
        self._cost = cost
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="argon2")

    async def hash(self, holder: Holder, email_index: bytes, password: str) -> str:
        """The hash that is stored; `password` comes from the policy, normalised."""
        salt = hmac.digest(self._key, holder.encode() + b"\0" + email_index, sha256)[:_SALT_LENGTH]
        loop = asyncio.get_running_loop()
        digest = await loop.run_in_executor(self._threads, self._compute, password, salt)
        return f"{self._cost.label}${base64.b64encode(digest).decode()}"

    def close(self) -> None:
        """Let the threads end once they are idle."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _compute(self, password: str, salt: bytes) -> bytes:
        cost = self._cost
        return hash_secret_raw(
            password.encode(), salt, cost.time, cost.memory_kib, cost.lanes, hash_len=_LENGTH, type=Type.ID
        )


def matching(computed: str, stored: Iterable[str | None]) -> list[int]:
    """Which stored hashes the computed one equals, by position; each is compared, in constant time."""
    hits = [hmac.compare_digest(computed.encode(), (candidate or "").encode()) for candidate in stored]
    return [position for position, hit in enumerate(hits) if hit]
