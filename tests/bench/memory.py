"""How much memory the services' processes take, as the kernel counts it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from deploy.local.system import System
from tests.bench.bench import Bench
from tests.bench.figures import Figure, at_most

_WANTED_IDLE: Final = at_most(110.0)


def measure_idle(bench: Bench) -> Iterator[Figure]:
    """Of each process that nobody has asked for anything yet; so it comes before all other parts."""
    for name in bench.system.processes:
        yield Figure(f"memory, idle: {name}", resident_mib(bench.system, name), "MiB", None, _WANTED_IDLE)


def resident_mib(system: System, name: str) -> float:
    """What the process has in memory (VmRSS), with the processes that it has started."""
    return sum(map(_resident_kib, _with_children(system.processes[name].pid))) / 1024


def _resident_kib(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))


def _with_children(pid: int) -> Iterator[int]:
    yield pid
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text(encoding="ascii").split():
            yield from _with_children(int(child))
