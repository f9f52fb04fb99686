"""Reads documents from the object store, from any offset on, opened segment by segment."""

from collections.abc import AsyncGenerator, Callable, Collection, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from chassis.turns import one_ahead
from services.attachments.objects import ObjectReader, ObjectStore
from services.attachments.segments import (
    HEADER_SIZE,
    SEGMENT_SIZE,
    SegmentOpener,
    sealed_range,
    sealed_segment_size,
    segment_count,
)

T = TypeVar("T")

# So many segments are read from the store at a time, while those before them are on their way out.
_BLOCK = 16


@dataclass(frozen=True, slots=True)
class Document:
    """A document in the store, with its key; `size` is its own, not what it takes once sealed."""

    object_key: str
    key: bytes
    belongs_to: bytes
    size: int


def as_bytes(segments: Collection[bytes]) -> bytes:
    """A chunk as it is."""
    return b"".join(segments)


async def read_document(
    store: ObjectStore,
    document: Document,
    offset: int,
    make: Callable[[Collection[bytes]], T],
    largest: int = SEGMENT_SIZE,
) -> AsyncGenerator[T, None]:
    """The document from the offset on, in chunks of at most `largest` bytes (64 KiB to 1 MiB): what `make`
    makes, in another thread, of their segments once these have proved to be the right ones.

    Raises StoreUnavailable, ObjectMissing or DocumentDamaged.
    """
    wanted = sealed_range(document.size, offset)
    from_begin = wanted.first == 0
    start = 0 if from_begin else wanted.start
    length = wanted.start + wanted.length - start
    header = b"" if from_begin else await _header(store, document)
    reader = await store.open(document.object_key, start, length)
    try:
        header = header or await reader.read(HEADER_SIZE, bytes)
        opener = SegmentOpener(document.key, header, document.belongs_to, document.size)
        together = largest // SEGMENT_SIZE

        def made(block: bytes, begin: int, sizes: list[int]) -> list[T]:
            segments = list(_opened(opener, block, begin, sizes))
            if begin == wanted.first:
                segments[0] = segments[0][wanted.skip :]
            return [make(segments[start : start + together]) for start in range(0, len(segments), together)]

        async with aclosing(one_ahead(_blocks(reader, document.size, wanted.first, made))) as blocks:
            async for chunks in blocks:
                for chunk in chunks:
                    yield chunk
    finally:
        reader.close()


async def _blocks(
    reader: ObjectReader, size: int, first: int, made: Callable[..., list[T]]
) -> AsyncGenerator[list[T], None]:
    """What is made of each block, which has the sealed segments from one on, of these sizes."""
    count = segment_count(size)
    for begin in range(first, count, _BLOCK):
        sizes = [sealed_segment_size(size, index) for index in range(begin, min(begin + _BLOCK, count))]
        yield await reader.read(sum(sizes), partial(made, begin=begin, sizes=sizes))


def _opened(opener: SegmentOpener, block: bytes, first: int, sizes: list[int]) -> Iterator[bytes]:
    sealed, position = memoryview(block), 0
    for index, size in enumerate(sizes, start=first):
        yield opener.open(index, sealed[position : position + size])
        position += size


async def _header(store: ObjectStore, document: Document) -> bytes:
    reader = await store.open(document.object_key, 0, HEADER_SIZE)
    try:
        return await reader.read(HEADER_SIZE, bytes)
    finally:
        reader.close()
