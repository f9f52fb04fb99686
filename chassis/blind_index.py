"""Keyed hashes that find equal values without showing them."""

import hmac

from chassis.sealing import encode_parts


class BlindIndex:
    """HMAC-SHA-256 under a key of the service's; the caller normalises values first."""

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        self._key = key

    def of(self, purpose: str, value: str) -> bytes:
        """32 bytes that are equal for equal (purpose, value) only; different purposes cannot be compared."""
        return hmac.digest(self._key, encode_parts((purpose, value)), "sha256")
