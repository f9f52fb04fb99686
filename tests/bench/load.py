"""Many callers at once from one event loop, each with its next call as soon as the one before is answered."""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar

from tests.bench.latencies import percentile

Call: TypeAlias = Callable[[], Awaitable[object]]
K = TypeVar("K")


@dataclass(slots=True)
class Rounds:
    """What several short rounds of the same load came to."""

    rates: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

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
        await _round(call, callers, seconds / 4)  # warms
    for _ in range(rounds):
        for each, call in calls.items():
            taken, lasted = await _round(call, callers, seconds)
            found[each].rates.append(len(taken) / lasted)
            found[each].seconds += taken
    return found


async def _round(call: Call, callers: int, seconds: float) -> tuple[Sequence[float], float]:
    """How long each answered call took, and how long the round took until the last answer."""
    taken: list[float] = []
    begun = time.perf_counter()
    end = begun + seconds

    async def go_on() -> None:
        while (started := time.perf_counter()) < end:
            await call()
            taken.append(time.perf_counter() - started)

    await asyncio.gather(*(go_on() for _ in range(callers)))
    return taken, time.perf_counter() - begun
