"""How soon a practice learns on its open stream that a message was read, while very many streams are open."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, TypeAlias

from grpc import aio

from praxispost.messaging.v1 import messaging_pb2_grpc
from praxispost.messaging.v1.messaging_pb2 import CHANGE_KIND_RECEIPT, WatchRequest, WatchResponse
from tests.bench import backlog
from tests.bench.bench import Bench
from tests.bench.figures import Figure, at_most
from tests.bench.latencies import percentile
from tests.bench.memory import resident_mib
from tests.bench.readers import Letter, ReadingRoom
from tests.story.callers import Caller

Stream: TypeAlias = "aio.UnaryStreamCall[WatchRequest, WatchResponse]"

_API: Final = "messaging-api"
_CHANNELS: Final = 8
_HINT_SECONDS: Final = 20.0
_SOON: Final = at_most(100.0)
_GROWTH: Final = at_most(64.0)


def measure(bench: Bench) -> list[Figure]:
    """The p95 from the call of OpenMessage to the hint, and what the streams take of memory."""
    of_staff, of_each, letters = (4, 8, 5) if bench.short else (8, 31, 200)
    room = ReadingRoom.of(bench)
    target = str(bench.system.address_book.targets.messaging)
    callers = [*[room.staff] * of_staff, *(each.caller for each in room.readers for _ in range(of_each))]
    # Without prompts, whose receipts' hints look the same.
    with backlog.held_back(bench.system):
        unread = room.letters(letters)
        bench.settle()
        bench.tell(f"{len(unread)} messages are written")
        return asyncio.run(_measured(bench, target, callers, unread))


async def _measured(
    bench: Bench, target: str, callers: Sequence[Caller], unread: Sequence[Letter]
) -> list[Figure]:
    before = resident_mib(bench.system, _API)
    async with _streams(target, callers) as (streams, channel):
        bench.tell(f"{len(streams):,} streams are open")
        grown = resident_mib(bench.system, _API) - before
        seconds = await _hints(channel, streams[0], unread)
    many = f"{len(streams):,} open streams"
    return [
        Figure(
            f"hint of a receipt after OpenMessage is called, {many}, p95",
            percentile(seconds, 95) * 1000,
            "ms",
            None,
            _SOON,
        ),
        Figure(f"memory of messaging's api, grown by {many}", grown, "MiB", None, _GROWTH),
    ]


@asynccontextmanager
async def _streams(
    target: str, callers: Sequence[Caller]
) -> AsyncIterator[tuple[Sequence[Stream], aio.Channel]]:
    """One for each caller, begun; the first is of the practice."""
    options = [("grpc.use_local_subchannel_pool", 1)]
    channels = [aio.insecure_channel(target, options=options) for _ in range(_CHANNELS)]
    streams: list[Stream] = []
    for number, caller in enumerate(callers):
        stub = messaging_pb2_grpc.MessagingServiceStub(channels[number % _CHANNELS])
        streams.append(stub.Watch(WatchRequest(), metadata=_bearer(caller)))
        await anext(aiter(streams[-1]))
    try:
        yield streams, channels[0]
    finally:
        for channel in channels:
            await channel.close()


async def _hints(channel: aio.Channel, stream: Stream, unread: Sequence[Letter]) -> list[float]:
    """How long after the call the hint came, often before the call's answer; one message after the other."""
    open_message = messaging_pb2_grpc.MessagingServiceStub(channel).OpenMessage
    told: dict[str, asyncio.Future[float]] = {
        each.message_id: asyncio.get_running_loop().create_future() for each in unread
    }
    listening = asyncio.create_task(_listen(stream, told))
    seconds = []
    for letter in unread:
        called = time.perf_counter()
        await open_message(letter.request, metadata=_bearer(letter.reader.caller))
        async with asyncio.timeout(_HINT_SECONDS):
            seconds.append(await told[letter.message_id] - called)
    listening.cancel()
    return seconds


async def _listen(stream: Stream, told: Mapping[str, "asyncio.Future[float]"]) -> None:
    async for hint in stream:
        waiting = told.get(hint.change.message_id)
        if hint.change.kind == CHANGE_KIND_RECEIPT and waiting is not None and not waiting.done():
            waiting.set_result(time.perf_counter())


def _bearer(caller: Caller) -> Any:
    return (("authorization", f"Bearer {caller.token('messaging')}"),)
