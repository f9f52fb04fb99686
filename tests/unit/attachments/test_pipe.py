"""The pipe between the event loop and the thread that writes to the store."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.attachments.pipe import Pipe, PipeBroken


async def _through(pieces: list[bytes], read_size: int, capacity: int) -> bytes:
    pipe = Pipe(capacity)

    def read_all() -> bytes:
        got = bytearray()
        while block := pipe.reader.read(read_size):
            assert len(block) <= read_size
            got += block
        return bytes(got)

    reading = asyncio.create_task(asyncio.to_thread(read_all))
    for piece in pieces:
        await pipe.write(piece)
    pipe.close()
    return await reading


@given(
    pieces=st.lists(st.binary(max_size=300), max_size=20),
    read_size=st.integers(1, 1000),
    capacity=st.integers(1, 500),
)
def test_what_goes_in_comes_out_in_order(pieces: list[bytes], read_size: int, capacity: int) -> None:
    assert asyncio.run(_through(pieces, read_size, capacity)) == b"".join(pieces)


async def test_who_writes_waits_for_room() -> None:
    pipe = Pipe(10)
    await pipe.write(bytes(10))
    more = asyncio.create_task(pipe.write(b"x"))
    await asyncio.sleep(0)
    assert not more.done()
    assert await asyncio.to_thread(pipe.reader.read, 10) == bytes(10)
    await more
    pipe.close()
    assert await asyncio.to_thread(pipe.reader.read, 10) == b"x"


async def test_who_reads_is_not_woken_for_little() -> None:
    pipe = Pipe(10)
    buffer = memoryview(bytearray(10))
    reading = asyncio.create_task(asyncio.to_thread(pipe.take, buffer))
    for piece in (b"12", b"34", b"5"):
        await asyncio.sleep(0)
        await pipe.write(piece)
    assert await reading == 5


async def test_an_aborted_pipe_breaks_for_who_reads() -> None:
    pipe = Pipe(10)
    await pipe.write(b"12345")
    reading = asyncio.create_task(asyncio.to_thread(pipe.reader.read, 100))
    pipe.abort()
    with pytest.raises(PipeBroken):
        await reading


async def test_a_pipe_that_nobody_reads_any_more_breaks_for_who_waits_to_write() -> None:
    pipe = Pipe(1)
    await pipe.write(b"1")
    waiting = asyncio.create_task(pipe.write(b"2"))
    await asyncio.sleep(0)
    pipe.leave()
    with pytest.raises(PipeBroken):
        await waiting
