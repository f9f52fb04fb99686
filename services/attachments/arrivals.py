"""Measures a document while its bytes come, and refuses it as soon as it cannot be taken."""

import hashlib

from services.attachments import refusals
from services.attachments.domain import Content, Header, check_content
from services.attachments.photos import is_photo
from services.attachments.quotas import Room
from services.attachments.sniffing import HEAD_SIZE, sniff


class Measure:
    """Counts and hashes a document's bytes."""

    def __init__(self, header: Header, limit: int, room: Room | None = None) -> None:
        """`room` is what the practice has left, for a document that is to be stored."""
        self._header = header
        self._room = room
        self._limit = limit
        self._size = 0
        self._hash = hashlib.sha256()
        self._head = bytearray()

    def add(self, chunk: bytes) -> None:
        """The next bytes; refuses those that go past the limit or the declared size."""
        self._size += len(chunk)
        if self._size > self._limit:
            raise refusals.attachment_too_large(self._limit)
        if self._header.size is not None and self._size > self._header.size:
            raise refusals.size_mismatch()
        if self._room is not None:
            self._room.check(self._size)
        self._hash.update(chunk)
        if len(self._head) < HEAD_SIZE:
            self._head += chunk[: HEAD_SIZE - len(self._head)]

    def content(self) -> Content:
        """What came as a whole; refuses it if it is empty or not what was declared."""
        head = bytes(self._head)
        sniffed_type = sniff(head, self._header.media_type)
        content = Content(
            self._size,
            self._hash.digest(),
            sniffed_type,
            is_photo(head, self._header.media_type, sniffed_type),
        )
        check_content(self._header, content)
        return content
