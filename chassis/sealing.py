"""Encryption that ties a value to where it belongs: AES-256-GCM with the place as associated data."""

import hmac
import os
import struct
from collections.abc import Mapping
from typing import TypeAlias
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

Part: TypeAlias = "str | UUID | Place"

KEY_BYTES = 32
_FORMAT = 1
_HEADER = struct.Struct(">BI")
_NONCE_BYTES = 12
_TAG_BYTES = 16
_JOINED = b"praxispost: a subject's key and a data key"


class CiphertextMoved(Exception):
    """A sealed value that does not belong where it was found, was changed, or whose key is gone."""

    def __init__(self) -> None:
        super().__init__("a sealed value cannot be opened here")


class Place(bytes):
    """Parts that many values have in common, encoded once; the same as if they were given one by one."""

    __slots__ = ()

    @classmethod
    def of(cls, *parts: Part) -> "Place":
        """These parts."""
        return cls(encode_parts(parts))


def encode_parts(parts: tuple[Part, ...]) -> bytes:
    """The parts as bytes such that no two different lists look the same: each with its length before it."""
    encoded = b""
    for part in parts:
        if isinstance(part, Place):
            encoded += part
        else:
            value = str(part).encode()
            encoded += len(value).to_bytes(4, "big") + value
    return encoded


def _derive(key: bytes, salt: bytes) -> bytes:
    """HKDF with SHA-256 (RFC 5869) for one block: by itself, since each line of a list needs one."""
    extracted = hmac.digest(salt, key, "sha256")
    return hmac.digest(extracted, _JOINED + b"\1", "sha256")


class Sealer:
    """Seals and opens values under one subject's keys (by version; the highest seals).

    A sealed value is: format 1 (1 byte), key version (4 bytes, big-endian), nonce (12 bytes), ciphertext and
    tag (16 bytes). Everything before the nonce is authenticated, too. Nonces are random (NIST SP 800-38D,
    8.2.2), good for 2^32 values under one key.
    """

    __slots__ = ("_ciphers", "_current", "_keys")

    def __init__(self, keys: Mapping[int, bytes]) -> None:
        self._keys = keys
        self._ciphers = {version: AESGCM(key) for version, key in keys.items()}
        self._current = max(keys)

    def joined_with(self, data_key: bytes) -> "Sealer":
        """A sealer whose keys follow from both (HKDF, RFC 5869): whoever lacks either opens nothing of it."""
        return Sealer({version: _derive(key, data_key) for version, key in self._keys.items()})

    def seal(self, plaintext: bytes, *belongs_to: Part) -> bytes:
        """Seal for one place, such as (tenant, subject, object, "field"); only there it can be opened."""
        header = _HEADER.pack(_FORMAT, self._current)
        nonce = os.urandom(_NONCE_BYTES)
        place = header + encode_parts(belongs_to)
        return header + nonce + self._ciphers[self._current].encrypt(nonce, plaintext, place)

    def open(self, sealed: bytes, *belongs_to: Part) -> bytes:
        """Open what was sealed for this place; raises CiphertextMoved for anything else."""
        if len(sealed) < _HEADER.size + _NONCE_BYTES + _TAG_BYTES:
            raise CiphertextMoved
        header, rest = sealed[: _HEADER.size], sealed[_HEADER.size :]
        form, version = _HEADER.unpack(header)
        cipher = self._ciphers.get(version)
        if form != _FORMAT or cipher is None:
            raise CiphertextMoved
        try:
            return cipher.decrypt(rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], header + encode_parts(belongs_to))
        except InvalidTag:
            raise CiphertextMoved from None
