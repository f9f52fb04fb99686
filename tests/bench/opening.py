"""How many messages per second patients open, each call with a read receipt, beside servers that only echo.

What follows from a receipt (publishing) does not run meanwhile.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle
from typing import Final

from grpc import aio

from praxispost.messaging.v1 import messaging_pb2_grpc
from tests.bench import backlog, load
from tests.bench.bench import Bench
from tests.bench.echoes import echoes_beside
from tests.bench.figures import Figure, at_least
from tests.bench.load import Call, Rounds
from tests.bench.readers import Letter, ReadingRoom

_CALLERS: Final = 32
_OF_CHASSIS: Final = at_least(0.75)
_OF_BARE: Final = at_least(0.55)
_FIRST: Final = "first"
_AGAIN: Final = "again"


def measure(bench: Bench) -> Iterator[Figure]:
    """For 32 callers: the rates of first and of repeated openings beside both echoes, and the p99."""
    rounds, letters, seconds = (1, 60, 0.5) if bench.short else (5, 500, 1.0)
    room = ReadingRoom.of(bench)
    with backlog.held_back(bench.system), echoes_beside(bench.system) as echoes:
        unread = room.letters((rounds + 1) * letters)
        bench.settle()
        bench.tell(f"{len(unread):,} messages are written")
        targets = {
            _FIRST: str(bench.system.address_book.targets.messaging),
            "chassis": echoes.chassis,
            "bare": echoes.bare,
        }
        found = asyncio.run(_measured(targets, unread, letters, seconds))
    yield from _figures("the first time", found, found[_FIRST])
    yield from _figures("again", found, found[_AGAIN])


async def _measured(
    targets: Mapping[str, str], unread: Sequence[Letter], letters: int, seconds: float
) -> Mapping[str, Rounds]:
    """In turn: so many new messages, the same ones again, and the same requests to the echoes."""
    channels = {name: aio.insecure_channel(target) for name, target in targets.items()}
    found = {name: Rounds() for name in (*targets, _AGAIN)}
    for number in range(len(unread) // letters):
        batch = unread[number * letters : (number + 1) * letters]
        taken = {_FIRST: await load.each_once(_calls(channels[_FIRST], batch), _CALLERS)}
        for name in (_AGAIN, "chassis", "bare"):
            again = cycle(_calls(channels[_FIRST if name == _AGAIN else name], batch))
            taken[name] = await load.for_seconds(again, _CALLERS, seconds)
        if number > 0:  # the first warms
            for name, round_of_it in taken.items():
                found[name].add(*round_of_it)
    for channel in channels.values():
        await channel.close()
    return found


def _calls(channel: aio.Channel, letters: Sequence[Letter]) -> list[Call]:
    open_message = messaging_pb2_grpc.MessagingServiceStub(channel).OpenMessage

    def call_of(letter: Letter) -> Call:
        async def call() -> object:
            token = letter.reader.caller.token("messaging")
            return await open_message(letter.request, metadata=(("authorization", f"Bearer {token}"),))

        return call

    return [call_of(each) for each in letters]


def _figures(when: str, found: Mapping[str, Rounds], opened: Rounds) -> Iterator[Figure]:
    for baseline, goal in (("chassis", _OF_CHASSIS), ("bare", _OF_BARE)):
        name = f"OpenMessage {when}, {_CALLERS} callers, beside the {baseline} echo"
        yield Figure(name, opened.per_second, "/s", found[baseline].per_second, goal)
    yield Figure(f"OpenMessage {when}, {_CALLERS} callers, p99", opened.p99_ms, "ms", found["chassis"].p99_ms)
