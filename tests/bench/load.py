"""Many callers at once from one event loop, each with its next call as soon as the one before is answered."""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import repeat, takewhile
from typing import TypeAlias, TypeVar

from tests.bench.latencies import percentile

Call: TypeAlias = Callable[[], Awaitable[object]]
K = TypeVar("K")


@dataclass(slots=True)
class Rounds:
    """What several short rounds of the same load came to."""

    rates: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def add(self, taken: Sequence[float], lasted: float) -> None:
        """One more: how long each answered call took, and how long all of them."""
        self.rates.append(len(taken) / lasted)
        self.seconds += taken

    @property
    def per_second(self) -> float:
        """Answered calls per second: the median of the rounds."""
        return statistics.median(self.rates)

    @property
    def p99_ms(self) -> float:
        """How long a call took, of all rounds together."""
        return percentile(self.seconds, 99) * 1000


async def in_turn(
    calls: Mapping[K, Call], *, callers: int, rounds: int, seconds: float
) -> Mapping[K, Rounds]:
    """Rounds of each in turn, so that whatever else the machine does meets all of them alike."""
    found = {each: Rounds() for each in calls}
    for call in calls.values():
        await for_seconds(repeat(call), callers, seconds / 4)  # warms
    for _ in range(rounds):
        for each, call in calls.items():
            found[each].add(*await for_seconds(repeat(call), callers, seconds))
    return found


async def for_seconds(calls: Iterator[Call], callers: int, seconds: float) -> tuple[list[float], float]:
    """Makes calls for so long; how long each took, and how long it was until the last answer."""
    end = time.perf_counter() + seconds
    return await _made(takewhile(lambda _: time.perf_counter() < end, calls), callers)


async def each_once(calls: Sequence[Call], callers: int) -> tuple[list[float], float]:
    """Makes each of the calls; how long each took, and how long all of them."""
    return await _made(iter(calls), callers)


async def _made(calls: Iterator[Call], callers: int) -> tuple[list[float], float]:
    """All callers take from the same calls."""
    taken: list[float] = []
    begun = time.perf_counter()

    async def go_on() -> None:
        for call in calls:
            started = time.perf_counter()
            await call()
            taken.append(time.perf_counter() - started)

    await asyncio.gather(*(go_on() for _ in range(callers)))
    return taken, time.perf_counter() - begun
