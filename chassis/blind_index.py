"""Keyed hashes that find equal values without showing them."""

from collections.abc import Iterable

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

from chassis.sealing import encode_parts


class BlindIndex:
    """HMAC-SHA-256 under a key of the service's; the caller normalises values first."""

    __slots__ = ("_keyed",)

    def __init__(self, key: bytes) -> None:
        self._keyed = HMAC(key, SHA256())

    def of(self, purpose: str, value: str) -> bytes:
        """32 bytes that are equal for equal (purpose, value) only; different purposes cannot be compared."""
        (index,) = self.of_each(purpose, (value,))
        return index

    def of_each(self, purpose: str, values: Iterable[str]) -> list[bytes]:
        """The same of several values, in their order."""
        begun = self._keyed.copy()
        begun.update(encode_parts((purpose,)))
        return [_finished(begun.copy(), value) for value in values]


def _finished(begun: HMAC, value: str) -> bytes:
    begun.update(encode_parts((value,)))
    return begun.finalize()
