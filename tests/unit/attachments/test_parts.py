"""An object that is written in parts while its bytes come."""

import asyncio

import pytest
from minio.datatypes import Part

from services.attachments.parts import PART_SIZE, Ahead, ObjectWriter, PartStore
from services.attachments.store_client import StoreUnavailable, StoreUnreachable


class _Store(PartStore):
    """Keeps what is written; a part arrives once it may."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.parts: dict[int, bytes] = {}
        self.arriving = 0
        self.asked = 0
        self.aborted = 0
        self.begins = False
        self.open = asyncio.Event()
        self.open.set()
        self.fault: StoreUnavailable | None = None

    async def put(self, key: str, data: bytearray) -> None:
        self.objects[key] = bytes(data)

    async def begin(self, key: str) -> str:
        if not self.begins:
            await self.open.wait()
        return "upload"

    async def put_part(self, key: str, upload_id: str, number: int, data: bytearray) -> Part:
        self.arriving += 1
        self.asked += 1
        await self.open.wait()
        self.arriving -= 1
        if self.fault is not None:
            raise self.fault
        self.parts[number] = bytes(data)
        return Part(number, f"etag {number}")

    async def complete(self, key: str, upload_id: str, parts: list[Part]) -> None:
        self.objects[key] = b"".join(self.parts[part.part_number] for part in parts)

    async def abort(self, key: str, upload_id: str) -> None:
        self.aborted += 1


def _writer(store: _Store, ahead: int = 2) -> ObjectWriter:
    return ObjectWriter(store, Ahead(ahead), "key")


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


async def test_a_part_that_is_refused_is_told_and_the_others_are_forgotten() -> None:
    store = _Store()
    store.fault = StoreUnavailable()
    writer = _writer(store)
    await writer.write(bytes(2 * PART_SIZE))
    with pytest.raises(StoreUnavailable):
        await writer.complete()
    await writer.abort()
    assert (store.objects, store.aborted) == ({}, 1)


async def test_all_who_wait_are_told_when_the_store_is_silent_and_none_asks_it_again() -> None:
    store, ahead = _Store(), Ahead(1)
    store.fault = StoreUnreachable()
    writers = [ObjectWriter(store, ahead, str(number)) for number in range(4)]
    store.open.clear()
    store.begins = True
    writings = [asyncio.create_task(each.write(bytes(2 * PART_SIZE + 1))) for each in writers]
    for _ in range(10):
        await asyncio.sleep(0)
    assert store.arriving == 1
    store.open.set()
    outcomes = await asyncio.gather(*writings, return_exceptions=True)
    assert {type(each) for each in outcomes} == {StoreUnreachable}
    assert store.asked == 1
    with pytest.raises(StoreUnreachable):
        await writers[0].abort()
    assert store.aborted == 0
    store.fault = None
    last = ObjectWriter(store, ahead, "last")
    await last.write(bytes(3 * PART_SIZE))  # the place was given back
    await last.complete()
    assert store.objects.keys() == {"last"}


async def test_who_goes_away_while_it_waits_for_a_place_keeps_none() -> None:
    ahead = Ahead(1)
    await ahead.take()
    gone, given = (asyncio.create_task(ahead.take()) for _ in range(2))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.sleep(0)
    ahead.give_back()
    await given
    late = asyncio.create_task(ahead.take())
    await asyncio.sleep(0)
    ahead.give_back()
    late.cancel()  # in the moment in which it was given the place
    await asyncio.gather(gone, late, return_exceptions=True)
    await ahead.take()


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
