"""Encrypts a document in segments of 64 KiB, to be written as a stream and read from any offset.

The construction is STREAM (Hoang, Reyhanitabar, Rogaway, Vizár: Online Authenticated-Encryption and its
Nonce-Reuse Misuse-Resistance, CRYPTO 2015) over AES-256-GCM, with nonces as in Tink's streaming AEAD:

    sealed document = header ‖ segment 0 ‖ segment 1 ‖ … ‖ segment n-1
    header          = version (1 byte, 0x01) ‖ nonce prefix (7 random bytes)
    segment i       = AES-256-GCM(key, nonce i, plaintext i, header ‖ associated data), 16 bytes of tag last
    nonce i         = nonce prefix ‖ i (4 bytes, big-endian) ‖ 0x01 in the last segment, 0x00 in all others

Every segment but the last holds 65,536 bytes of plaintext; the last holds 1 to 65,536, or none if the
document is empty. So a segment that is changed, left out, moved, repeated, cut off at the end or taken from
another document fails to open. A key seals one document only. Why it is ours: docs/decisions/0011.
"""

import secrets
import struct
from dataclasses import dataclass
from typing import TypeAlias

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SEGMENT_SIZE = 65_536
HEADER_SIZE = 8
KEY_SIZE = 32
_TAG_SIZE = 16
_SEALED_SEGMENT_SIZE = SEGMENT_SIZE + _TAG_SIZE
_VERSION = b"\x01"
_PREFIX_SIZE = 7

Buffer: TypeAlias = bytes | bytearray | memoryview


class DocumentDamaged(Exception):
    """What lies in the store is not what was sealed for this document; says nothing of its content."""


@dataclass(frozen=True, slots=True)
class SealedRange:
    """Where in a sealed document the bytes of a plaintext from some offset on lie.

    `start` and `length` count sealed bytes, `first` is the index of the first segment in them, and `skip` is
    how many of that segment's plaintext bytes lie before the offset.
    """

    start: int
    length: int
    first: int
    skip: int


def new_key() -> bytes:
    """A key for one document."""
    return secrets.token_bytes(KEY_SIZE)


def segment_count(size: int) -> int:
    """How many segments a document of that many bytes has; at least one."""
    return max(1, -(-size // SEGMENT_SIZE))


def sealed_size(size: int) -> int:
    """How many bytes a document of that many bytes takes once sealed."""
    return HEADER_SIZE + size + segment_count(size) * _TAG_SIZE


def sealed_range(size: int, offset: int) -> SealedRange:
    """The segments that hold the bytes from `offset` (0 to `size`, of plaintext) to the end."""
    if not 0 <= offset <= size:
        raise ValueError("the offset lies outside the document")
    first = min(offset // SEGMENT_SIZE, segment_count(size) - 1)
    start = HEADER_SIZE + first * _SEALED_SEGMENT_SIZE
    return SealedRange(start, sealed_size(size) - start, first, offset - first * SEGMENT_SIZE)


def sealed_segment_size(size: int, index: int) -> int:
    """How many sealed bytes the segment with that index has in a document of `size` bytes."""
    return min(SEGMENT_SIZE, size - index * SEGMENT_SIZE) + _TAG_SIZE


class SegmentSealer:
    """Seals one document; takes its bytes in pieces of any size."""

    def __init__(self, key: bytes, associated_data: bytes) -> None:
        self._prefix = secrets.token_bytes(_PREFIX_SIZE)
        self.header = _VERSION + self._prefix
        self._cipher = AESGCM(key)
        self._associated_data = self.header + associated_data
        self._held = bytearray()
        self._index = 0

    def update(self, data: bytes) -> bytes:
        """The segments that are complete with these bytes, sealed; the last one is held back for `finish`."""
        rest, sealed = memoryview(data), []
        if self._held and len(self._held) + len(rest) > SEGMENT_SIZE:
            missing = SEGMENT_SIZE - len(self._held)
            self._held += rest[:missing]
            rest = rest[missing:]
            sealed.append(self._seal(self._held, last=False))
            self._held.clear()
        while len(rest) > SEGMENT_SIZE:
            sealed.append(self._seal(rest[:SEGMENT_SIZE], last=False))
            rest = rest[SEGMENT_SIZE:]
        self._held += rest
        return b"".join(sealed)

    def finish(self) -> bytes:
        """The last segment, sealed."""
        return self._seal(self._held, last=True)

    def _seal(self, plaintext: Buffer, *, last: bool) -> bytes:
        nonce = _nonce(self._prefix, self._index, last=last)
        self._index += 1
        return self._cipher.encrypt(nonce, plaintext, self._associated_data)


class SegmentOpener:
    """Opens the segments of one document of `size` bytes, in any order."""

    def __init__(self, key: bytes, header: bytes, associated_data: bytes, size: int) -> None:
        """Refuses with DocumentDamaged a header that is none or of a version that is not known."""
        if len(header) != HEADER_SIZE or header[:1] != _VERSION:
            raise DocumentDamaged
        self._prefix = header[1:]
        self._cipher = AESGCM(key)
        self._associated_data = header + associated_data
        self._last = segment_count(size) - 1

    def open(self, index: int, sealed: Buffer) -> bytes:
        """The plaintext of the segment with that index; refuses any other segment with DocumentDamaged."""
        nonce = _nonce(self._prefix, index, last=index == self._last)
        try:
            return self._cipher.decrypt(nonce, sealed, self._associated_data)
        except InvalidTag as error:
            raise DocumentDamaged from error


def _nonce(prefix: bytes, index: int, *, last: bool) -> bytes:
    return prefix + struct.pack(">IB", index, last)
