"""Reads documents from the object store, from any offset on, opened segment by segment."""

from collections.abc import AsyncGenerator
from contextlib import closing
from dataclasses import dataclass

from services.attachments.objects import ObjectStore
from services.attachments.segments import (
    HEADER_SIZE,
    SegmentOpener,
    sealed_range,
    sealed_segment_size,
    segment_count,
)

# So many segments are read from the store at a time.
_BLOCK = 16


@dataclass(frozen=True, slots=True)
class Document:
    """A document in the store, with its key; `size` is its own, not what it takes once sealed."""

    object_key: str
    key: bytes
    belongs_to: bytes
    size: int


async def read_document(store: ObjectStore, document: Document, offset: int) -> AsyncGenerator[bytes, None]:
    """The segments from the offset on, each given only once it has proved to be the right one.

    Raises StoreUnavailable, ObjectMissing or DocumentDamaged.
    """
    wanted = sealed_range(document.size, offset)
    header = await _header(store, document)
    opener = SegmentOpener(document.key, header, document.belongs_to, document.size)
    skip = wanted.skip
    with closing(await store.open(document.object_key, wanted.start, wanted.length)) as reader:
        for first in range(wanted.first, segment_count(document.size), _BLOCK):
            sizes = _sealed_sizes(document.size, first)
            block = await reader.read(sum(sizes))
            position = 0
            for index, size in enumerate(sizes, start=first):
                yield opener.open(index, block[position : position + size])[skip:]
                position, skip = position + size, 0


async def _header(store: ObjectStore, document: Document) -> bytes:
    with closing(await store.open(document.object_key, 0, HEADER_SIZE)) as reader:
        return await reader.read(HEADER_SIZE)


def _sealed_sizes(size: int, first: int) -> list[int]:
    """The sealed sizes of the segments of one block."""
    last = min(first + _BLOCK, segment_count(size))
    return [sealed_segment_size(size, index) for index in range(first, last)]
