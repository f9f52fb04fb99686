"""An object that is written in parts while its bytes come."""

import asyncio

import pytest
from minio.datatypes import Part

from services.attachments.parts import PART_SIZE, ObjectWriter, PartStore
from services.attachments.store_client import StoreUnavailable


class _Store(PartStore):
    """Keeps what is written; a part arrives once it may."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.parts: dict[int, bytes] = {}
        self.arriving = 0
        self.aborted = 0
        self.open = asyncio.Event()
        self.open.set()
        self.answers = True

    async def put(self, key: str, data: bytearray) -> None:
        self.objects[key] = bytes(data)

    async def begin(self, key: str) -> str:
        await self.open.wait()
        return "upload"

    async def put_part(self, key: str, upload_id: str, number: int, data: bytearray) -> Part:
        self.arriving += 1
        await self.open.wait()
        self.arriving -= 1
        if not self.answers:
            raise StoreUnavailable
        self.parts[number] = bytes(data)
        return Part(number, f"etag {number}")

    async def complete(self, key: str, upload_id: str, parts: list[Part]) -> None:
        self.objects[key] = b"".join(self.parts[part.part_number] for part in parts)

    async def abort(self, key: str, upload_id: str) -> None:
        self.aborted += 1


def _writer(store: _Store, ahead: int = 2) -> ObjectWriter:
    return ObjectWriter(store, asyncio.Semaphore(ahead), "key")


@pytest.mark.parametrize(
    "size", [1, PART_SIZE - 1, PART_SIZE, PART_SIZE + 1, 3 * PART_SIZE, 3 * PART_SIZE + 9]
)
@pytest.mark.parametrize("piece", [65_552, PART_SIZE, 2 * PART_SIZE + 5])
async def test_what_was_written_is_the_object(size: int, piece: int) -> None:
    store, content = _Store(), bytes(range(251)) * (size // 251 + 1)
    content, writer = content[:size], _writer(store)
    for start in range(0, size, piece):
        await writer.write(content[start : start + piece])
    await writer.complete()
    assert store.objects == {"key": content}
    sizes = [len(store.parts[number]) for number in sorted(store.parts)]
    assert sizes == [] if size <= PART_SIZE else set(sizes[:-1]) == {PART_SIZE} and sizes[-1] > 0


async def test_no_more_parts_are_on_their_way_than_may_be() -> None:
    store = _Store()
    writer = _writer(store)
    await writer.write(bytes(2 * PART_SIZE + 1))
    store.open.clear()
    writing = asyncio.create_task(writer.write(bytes(3 * PART_SIZE)))
    for _ in range(10):
        await asyncio.sleep(0)
    assert (store.arriving, writing.done()) == (2, False)
    store.open.set()
    await writing
    await writer.complete()
    assert len(store.objects["key"]) == 5 * PART_SIZE + 1


async def test_a_part_that_fails_is_told_and_nothing_is_aborted_at_a_store_that_does_not_answer() -> None:
    store = _Store()
    store.answers = False
    writer = _writer(store)
    await writer.write(bytes(2 * PART_SIZE))
    with pytest.raises(StoreUnavailable):
        await writer.complete()
    with pytest.raises(StoreUnavailable):
        await writer.abort()
    assert (store.objects, store.aborted) == ({}, 0)


@pytest.mark.parametrize("begun", [False, True])
async def test_who_gives_up_leaves_nothing_of_what_is_on_its_way(begun: bool) -> None:
    """Waiting for the store to begin, or for the part before."""
    store = _Store()
    writer = _writer(store, ahead=1)
    if begun:
        await writer.write(bytes(PART_SIZE + 1))
    store.open.clear()
    writing = asyncio.create_task(writer.write(bytes(PART_SIZE + 1)))
    await asyncio.sleep(0)
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    aborting = asyncio.create_task(writer.abort())
    await asyncio.sleep(0)
    assert not aborting.done()
    store.open.set()
    await aborting
    assert (store.objects, store.arriving, store.aborted) == ({}, 0, 1)


async def test_what_came_whole_is_not_aborted() -> None:
    store = _Store()
    writer = _writer(store)
    await writer.write(bytes(PART_SIZE + 1))
    await writer.complete()
    await writer.abort()
    assert store.aborted == 0
