"""What every part of the benchmarks gets, and what it is."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from deploy.local.system import System
from tests.bench.figures import Figure
from tests.browser.house import House


@dataclass(frozen=True, slots=True)
class Bench:
    """A whole system of the benchmarks' own and the people in it; `short` asks for the form of few seconds
    that shows that the part works, and whose figures say little."""

    system: System
    house: House
    short: bool

    def tell(self, text: str) -> None:
        """Say how far a part is."""
        print(f"  {text}", flush=True)


# Measures one thing, with its baseline in the same minutes.
Part: TypeAlias = Callable[[Bench], Iterable[Figure]]
