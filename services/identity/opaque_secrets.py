"""Secrets of 256 bits that a client keeps and the database knows only hashed."""

import secrets
from dataclasses import dataclass
from hashlib import sha256

_BYTES = 32


@dataclass(frozen=True, slots=True, repr=False)
class OpaqueSecret:
    """What the client gets, and what is stored: 256 random bits need no key and no slow hash."""

    value: str
    hash: bytes


def new_secret() -> OpaqueSecret:
    """A secret that nobody had before."""
    value = secrets.token_urlsafe(_BYTES)
    return OpaqueSecret(value, secret_hash(value))


def secret_hash(value: str) -> bytes:
    """The hash under which a secret is stored."""
    return sha256(value.encode()).digest()
