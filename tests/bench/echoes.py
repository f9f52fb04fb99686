"""The two baselines of an RPC: processes that only echo, started beside the system's own."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from deploy.local import ports
from deploy.local.processes import Command, Process
from deploy.local.system import System

_READY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Echoes:
    """Where they listen (host:port): grpc.aio alone, and the services' chassis with tokens."""

    bare: str
    chassis: str


@contextmanager
def echoes_beside(system: System) -> Iterator[Echoes]:
    """Both, until the end of the block; each answers all methods of `tests.bench.echo`."""
    with _echo(system, "bare") as bare, _echo(system, "chassis") as chassis:
        yield Echoes(bare, chassis)


@contextmanager
def _echo(system: System, kind: str) -> Iterator[str]:
    port = system.data.port(f"echo-{kind}")
    arguments = [sys.executable, "-m", "tests.bench.echo", kind, str(port)]
    environment = {"PRAXISPOST_IDENTITY_TARGET": system.address_book.targets.identity}
    process = Process(Command(f"echo-{kind}", arguments, environment), system.data)
    process.start()
    try:
        process.wait_ready(lambda: ports.accepts_connections(port), _READY_SECONDS)
        yield f"127.0.0.1:{port}"
    finally:
        process.stop()
