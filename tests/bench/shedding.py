"""What becomes of three times as many callers as messaging's api serves at once: how many calls are answered,
and how soon the others are refused.

Callers wait for each answer, and come again 0.1 s after a refusal; gRPC tries nothing again for them.
"""

import asyncio
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import cycle, repeat
from typing import Any, Final

import grpc
from grpc import aio

from chassis.grpc_server import GrpcSettings
from praxispost.messaging.v1 import messaging_pb2_grpc
from tests.bench import backlog, load
from tests.bench.bench import Bench
from tests.bench.figures import Figure, at_least, at_most
from tests.bench.latencies import percentile
from tests.bench.readers import Letter, ReadingRoom

_CALLERS: Final = 192
_TOO_MANY: Final = 3 * GrpcSettings.max_calls
# As docs/api.md asks of who is refused.
_PAUSE_SECONDS: Final = 0.1
# By the chassis; or by gRPC itself, where too many calls wait for the event loop to take them.
_REFUSED: Final = (grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.CANCELLED)
_GOODPUT: Final = at_least(0.9)
_SOON: Final = at_most(100.0)


@dataclass(slots=True)
class _Flood:
    """What came of too many callers: answers per second, and how long each answer and refusal took."""

    rates: list[float] = field(default_factory=list)
    refused_seconds: list[float] = field(default_factory=list)
    answered_seconds: list[float] = field(default_factory=list)
    counted: int = 0


def measure(bench: Bench) -> Iterator[Figure]:
    """Opens messages that were opened before: with 192 callers, and with too many, who come again."""
    letters, rounds, seconds = (10, 1, 1.0) if bench.short else (64, 5, 4.0)
    room = ReadingRoom.of(bench)
    with backlog.held_back(bench.system):
        unread = room.letters(letters)
        bench.settle()
        target = str(bench.system.address_book.targets.messaging)
        peak, flood = asyncio.run(_measured(target, unread, rounds, seconds))
    name = f"OpenMessage, {_TOO_MANY} callers"
    yield Figure(
        f"{name}: answered, beside {_CALLERS} callers", statistics.median(flood.rates), "/s", peak, _GOODPUT
    )
    yield Figure(f"{name}: answers, p95", percentile(flood.answered_seconds, 95) * 1000, "ms")
    if flood.refused_seconds:
        yield Figure(
            f"{name}: refusals, p95", percentile(flood.refused_seconds, 95) * 1000, "ms", None, _SOON
        )


async def _measured(
    target: str, letters: Sequence[Letter], rounds: int, seconds: float
) -> tuple[float, _Flood]:
    """The median rate of as many callers as are served, and the flood, in turn."""
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
            _, lasted = await load.for_seconds(repeat(partial(_one, calls, flood)), _TOO_MANY, seconds)
            flood.rates.append((len(flood.answered_seconds) - flood.counted) / lasted)
            flood.counted = len(flood.answered_seconds)
    return statistics.median(rates), flood


async def _one(calls: Iterator[load.Call], flood: _Flood) -> None:
    started = time.perf_counter()
    try:
        await next(calls)()
    except aio.AioRpcError as error:
        if error.code() not in _REFUSED:
            raise
        flood.refused_seconds.append(time.perf_counter() - started)
        await asyncio.sleep(_PAUSE_SECONDS)
    else:
        flood.answered_seconds.append(time.perf_counter() - started)


def _bearer(letter: Letter) -> Any:
    return (("authorization", f"Bearer {letter.reader.caller.token('messaging')}"),)
