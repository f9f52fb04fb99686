"""Several processes of one api that share its port, under one that starts them, replaces them and ends them.

Python keeps one processor busy; the kernel spreads the connections over all that listen (`SO_REUSEPORT`).
"""

import asyncio
import contextlib
import os
import socket
import sys
from collections.abc import Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import Final, Protocol, TypeAlias

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from chassis import logs
from chassis.grpc_server import GrpcSettings
from chassis.process import run
from chassis.settings import SettingsError
from chassis.telemetry import Telemetry

Serve: TypeAlias = Callable[[asyncio.Event], Coroutine[None, None, None]]

_LOG: Final = logs.get(__name__)
_LOOK_SECONDS: Final = 0.2
_ANSWER_SECONDS: Final = 2.0
_FIRST_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 10.0
_LABEL: Final = "api_process"


class ApiSettings(Protocol):
    """What the settings of an api have in common."""

    @property
    def grpc(self) -> GrpcSettings:
        """Where it listens."""

    @property
    def api_processes(self) -> int:
        """How many processes serve."""

    @property
    def metrics_host(self) -> str:
        """Where all of them show their metrics."""

    @property
    def metrics_port(self) -> int:
        """Where all of them show their metrics."""


def run_api(settings: ApiSettings, service: str, serve: Serve) -> None:
    """Serve until told to stop, in this process or in several that are started by the same command line."""
    if settings.api_processes < 1 or (settings.api_processes > 1 and not settings.grpc.port):
        raise SettingsError(("PRAXISPOST_API_PROCESSES must be at least 1, and several need a GRPC_PORT",))
    if settings.api_processes > 1:
        telemetry = Telemetry(service, "api", settings.metrics_port, settings.metrics_host)
        run(_Starter(settings.api_processes, telemetry).run)
    elif settings.grpc.shared_port:
        run(_ending_with_starter(serve))
    else:
        run(serve)


def _ending_with_starter(serve: Serve) -> Serve:
    """Stop when stdin closes: so says the starter, and whatever becomes of it, nobody goes on alone."""

    async def main(stop: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        stdin = sys.stdin.fileno()

        def starter_is_gone() -> None:
            loop.remove_reader(stdin)
            stop.set()

        loop.add_reader(stdin, starter_is_gone)
        await serve(stop)

    return main


@dataclass(slots=True)
class _Child:
    """One of the processes; `metrics_port` is where it shows its metrics to the starter only."""

    number: int
    metrics_port: int = 0
    is_ready: bool = False
    process: asyncio.subprocess.Process | None = field(default=None, repr=False)

    async def start(self) -> asyncio.subprocess.Process:
        """Start it with this process' own command line, and settings of its own."""
        self.metrics_port = _free_port()
        environment = {
            **os.environ,
            "PRAXISPOST_API_PROCESSES": "1",
            "PRAXISPOST_GRPC_SHARED_PORT": "true",
            "PRAXISPOST_METRICS_HOST": "127.0.0.1",
            "PRAXISPOST_METRICS_PORT": str(self.metrics_port),
        }
        command = [sys.executable, *sys.orig_argv[1:]]
        self.process = await asyncio.create_subprocess_exec(
            *command, env=environment, stdin=asyncio.subprocess.PIPE
        )
        return self.process

    def stop(self) -> None:
        """Let it drain and end. A signal may have reached it already, and a second one would not let it."""
        assert self.process is not None
        assert self.process.stdin is not None
        self.process.stdin.close()


class _Starter:
    """Keeps the processes running; it is ready when all of them are, and shows the metrics of all."""

    def __init__(self, count: int, telemetry: Telemetry) -> None:
        self._children = [_Child(number) for number in range(1, count + 1)]
        self._telemetry = telemetry
        together = CollectorRegistry()
        together.register(_Together(telemetry.registry, self._shown_by_children))
        telemetry.show(together)

    async def run(self, stop: asyncio.Event) -> None:
        """Until stopped; then all of them drain at the same time."""
        self._telemetry.start()
        try:
            await asyncio.gather(*(self._keep_going(each, stop) for each in self._children))
        finally:
            self._telemetry.stop()

    async def _keep_going(self, child: _Child, stop: asyncio.Event) -> None:
        """One that ends by itself is replaced, after pauses that grow while it ends before it was ready."""
        retry_in = _FIRST_PAUSE
        while not stop.is_set():
            process = await child.start()
            looking = asyncio.create_task(self._until_ready(child, stop))
            told = asyncio.create_task(stop.wait())
            ended = asyncio.create_task(process.wait())
            await asyncio.wait((told, ended), return_when=asyncio.FIRST_COMPLETED)
            looking.cancel()
            told.cancel()
            was_ready = child.is_ready
            self._note(child, ready=False)
            if stop.is_set():
                child.stop()
                await ended
                return
            retry_in = _FIRST_PAUSE if was_ready else min(retry_in * 2, _LONGEST_PAUSE)
            _LOG.error("api process ended", result=str(process.returncode), retry_in=retry_in)
            await _pause(retry_in, stop)

    async def _until_ready(self, child: _Child, stop: asyncio.Event) -> None:
        while not stop.is_set():
            if await asyncio.to_thread(_answer, child.metrics_port, "/readyz"):
                self._note(child, ready=True)
                return
            await _pause(_LOOK_SECONDS, stop)

    def _note(self, child: _Child, *, ready: bool) -> None:
        child.is_ready = ready
        self._telemetry.ready = all(each.is_ready for each in self._children)

    def _shown_by_children(self) -> Mapping[str, str]:
        shown = {str(each.number): _answer(each.metrics_port, "/metrics") for each in self._children}
        return {number: text for number, text in shown.items() if text}


class _Together(Collector):
    """The metrics of several processes, told apart by a label; the starter's own have the number 0."""

    def __init__(self, own: CollectorRegistry, others: Callable[[], Mapping[str, str]]) -> None:
        self._own = own
        self._others = others

    def collect(self) -> Iterator[Metric]:
        """Asks the processes; what does not answer is left out."""
        found: dict[str, Metric] = {}
        for number, text in {"0": generate_latest(self._own).decode(), **self._others()}.items():
            for family in text_string_to_metric_families(text):
                merged = found.setdefault(family.name, Metric(family.name, family.documentation, family.type))
                merged.samples += [
                    each._replace(labels={**each.labels, _LABEL: number}) for each in family.samples
                ]
        yield from found.values()


async def _pause(seconds: float, stop: asyncio.Event) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()


def _answer(port: int, path: str) -> str:
    """What the process answers, or an empty string where it doesn't, or says no."""
    connection = HTTPConnection("127.0.0.1", port, timeout=_ANSWER_SECONDS)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        text = response.read().decode()
    except (OSError, HTTPException):
        return ""
    finally:
        connection.close()
    return text if response.status == 200 else ""


def _free_port() -> int:
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        port: int = chosen.getsockname()[1]
        return port
