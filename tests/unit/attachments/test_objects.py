"""An object that is written in a block which its caller leaves."""

import asyncio

import pytest

from chassis.settings import Secret
from services.attachments.objects import ObjectStore
from services.attachments.parts import PartStore
from services.attachments.settings import StoreSettings


async def test_who_goes_away_twice_waits_for_what_is_in_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """At a deadline both gRPC and the chassis cancel; whoever cleans up next must find nothing in hand."""
    done: list[str] = []
    may_end = asyncio.Event()

    async def put(_: PartStore, key: str, data: bytearray) -> None:
        await may_end.wait()
        done.append("put")

    monkeypatch.setattr(PartStore, "put", put)
    store = ObjectStore(StoreSettings("127.0.0.1:1", Secret("access"), Secret("secret"), "bucket"))

    async def write() -> None:
        try:
            async with store.writing("key") as writer:
                await writer.write(b"text")
        finally:
            done.append("left")

    writing = asyncio.create_task(write())
    for _ in range(2):
        await _others()
        writing.cancel()
    await _others()
    assert done == []
    may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert done == ["put", "left"]
    store.close()


async def _others() -> None:
    for _ in range(5):
        await asyncio.sleep(0)
