"""How long the whole system takes from nothing running to ready, with data from before."""

import time
from collections.abc import Iterator
from typing import Final

from tests.bench.bench import Bench
from tests.bench.figures import Figure, at_most

_WANTED: Final = at_most(15.0)


def measure(bench: Bench) -> Iterator[Figure]:
    """What `make run` does, warm. It stops the benchmarks' own system, so it comes after all other parts."""
    bench.system.stop()
    begun = time.perf_counter()
    bench.system.start()
    yield Figure("the whole system to ready, warm", time.perf_counter() - begun, "s", None, _WANTED)
