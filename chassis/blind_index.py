"""Keyed hashes that find equal values without showing them."""

import hmac

from chassis.sealing import encode_parts


class BlindIndex:
    """HMAC-SHA-256 under a key of the service's; the caller normalises values first."""

    __slots__ = ("_keyed",)

    def __init__(self, key: bytes) -> None:
        self._keyed = hmac.new(key, digestmod="sha256")

    def of(self, purpose: str, value: str) -> bytes:
        """32 bytes that are equal for equal (purpose, value) only; different purposes cannot be compared."""
        keyed = self._keyed.copy()  # half the time of beginning with the key
        keyed.update(encode_parts((purpose, value)))
        return keyed.digest()
