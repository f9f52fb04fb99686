"""Tokens that show that a form comes from one of the portal's own pages, shown to this browser (OWASP,
signed double submit)."""

import base64
import binascii
import hashlib
import hmac
import secrets
from typing import Final

_LENGTH: Final = 32


class FormTokens:
    """Makes and checks the tokens that belong to the visit cookie of a browser."""

    def __init__(self, key: str) -> None:
        self._key = hashlib.sha256(b"form token" + key.encode()).digest()

    def make(self, visit: str) -> str:
        """A token, another one each time, so that compression gives nothing away."""
        mask = secrets.token_bytes(_LENGTH)
        return base64.urlsafe_b64encode(mask + _xor(mask, self._proof(visit))).decode()

    def is_good(self, token: str, visit: str) -> bool:
        """Whether the token was made for this visit."""
        try:
            raw = base64.urlsafe_b64decode(token.encode())
        except (binascii.Error, ValueError):
            return False
        if len(raw) != 2 * _LENGTH or not visit:
            return False
        return hmac.compare_digest(_xor(raw[:_LENGTH], raw[_LENGTH:]), self._proof(visit))

    def _proof(self, visit: str) -> bytes:
        return hmac.digest(self._key, visit.encode(), "sha256")


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))
