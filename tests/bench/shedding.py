"""What becomes of three times as many calls as messaging's api can answer: how many are, and how soon the
others are refused."""

import asyncio
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any, Final

import grpc
from grpc import aio

from praxispost.messaging.v1 import messaging_pb2_grpc
from tests.bench import backlog, load
from tests.bench.bench import Bench
from tests.bench.figures import Figure, at_least, at_most
from tests.bench.latencies import percentile
from tests.bench.readers import Letter, ReadingRoom

_CALLERS: Final = 192
_TIMES: Final = 3
_TICK_SECONDS: Final = 0.01
# By the chassis; or by gRPC itself, where a thousand calls wait for the event loop to take them.
_REFUSED: Final = (grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.UNAVAILABLE)
_GOODPUT: Final = at_least(0.9)
_SOON: Final = at_most(100.0)


@dataclass(slots=True)
class _Flood:
    """What came of calls that nobody held back: answers per second, and how long each refusal took."""

    rates: list[float] = field(default_factory=list)
    refused_seconds: list[float] = field(default_factory=list)
    answered_seconds: list[float] = field(default_factory=list)


def measure(bench: Bench) -> Iterator[Figure]:
    """Opens messages that were opened before: as fast as 192 callers can, and at three times that rate."""
    letters, rounds, seconds = (10, 1, 1.0) if bench.short else (64, 5, 4.0)
    room = ReadingRoom.of(bench)
    with backlog.held_back(bench.system):
        unread = room.letters(letters)
        bench.settle()
        target = str(bench.system.address_book.targets.messaging)
        peak, flood = asyncio.run(_measured(target, unread, rounds, seconds))
    name = f"at {_TIMES} times what OpenMessage manages"
    yield Figure(f"{name}: answered", statistics.median(flood.rates), "/s", peak, _GOODPUT)
    yield Figure(f"{name}: answers, p95", percentile(flood.answered_seconds, 95) * 1000, "ms")
    if flood.refused_seconds:
        yield Figure(
            f"{name}: refusals, p95", percentile(flood.refused_seconds, 95) * 1000, "ms", None, _SOON
        )


async def _measured(
    target: str, letters: Sequence[Letter], rounds: int, seconds: float
) -> tuple[float, _Flood]:
    """The median rate of callers who wait for their answers, and the flood, in turn."""
    rates, flood = [], _Flood()
    async with aio.insecure_channel(target) as channel:
        stub = messaging_pb2_grpc.MessagingServiceStub(channel)

        def call_of(letter: Letter) -> load.Call:
            return lambda: stub.OpenMessage(letter.request, metadata=_bearer(letter))

        calls = cycle([call_of(each) for each in letters])
        await load.for_seconds(calls, _CALLERS, seconds)  # warms
        for _ in range(rounds):
            taken, lasted = await load.for_seconds(calls, _CALLERS, seconds)
            rates.append(len(taken) / lasted)
            await _flooded(calls, _TIMES * statistics.median(rates), seconds, flood)
    return statistics.median(rates), flood


async def _flooded(calls: Iterator[load.Call], per_second: float, seconds: float, flood: _Flood) -> None:
    """So many calls per second, whatever becomes of those before."""
    begun = time.perf_counter()
    under_way: set[asyncio.Task[float | None]] = set()
    made = 0
    while (passed := time.perf_counter() - begun) < seconds:
        for _ in range(int(per_second * passed) - made):
            under_way.add(asyncio.create_task(_one(next(calls), flood)))
            made += 1
        await asyncio.sleep(_TICK_SECONDS)
    answered = [at for at in await asyncio.gather(*under_way) if at is not None]
    flood.rates.append(sum(1 for at in answered if at < begun + seconds) / seconds)


async def _one(call: load.Call, flood: _Flood) -> float | None:
    """When it was answered; None where it was refused."""
    started = time.perf_counter()
    try:
        await call()
    except aio.AioRpcError as error:
        if error.code() not in _REFUSED:
            raise
        flood.refused_seconds.append(time.perf_counter() - started)
        return None
    ended = time.perf_counter()
    flood.answered_seconds.append(ended - started)
    return ended


def _bearer(letter: Letter) -> Any:
    return (("authorization", f"Bearer {letter.reader.caller.token('messaging')}"),)
