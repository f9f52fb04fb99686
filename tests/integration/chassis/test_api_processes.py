"""Several processes of one api on one port: all answer, none is missed for long, no call is lost."""

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import grpc
import httpx
import pytest
from google.protobuf.wrappers_pb2 import StringValue
from grpc import aio

from chassis.api_processes import run_api
from chassis.grpc_client import channel
from chassis.settings import SettingsError, load
from deploy.local import ports
from deploy.local.processes import ROOT
from tests.integration.chassis.rpc_bench import UNARY
from tests.integration.chassis.several_api import Settings
from tests.integration.chassis.waiting import eventually

_PROCESSES = 3
_PATIENCE = 120.0
_ANSWERED = (grpc.StatusCode.OK, grpc.StatusCode.RESOURCE_EXHAUSTED)
_ALONE = (("grpc.use_local_subchannel_pool", 1), ("grpc.enable_retries", 0))


@dataclass(frozen=True, slots=True)
class Several:
    """The running api; `process` is what was started."""

    process: asyncio.subprocess.Process
    port: int
    metrics_port: int

    async def get(self, path: str) -> tuple[int, str]:
        async with httpx.AsyncClient(trust_env=False) as client:
            try:
                answer = await client.get(f"http://127.0.0.1:{self.metrics_port}{path}", timeout=10)
            except httpx.TransportError:
                return 0, ""
            return answer.status_code, answer.text

    async def is_ready(self) -> bool:
        return (await self.get("/readyz"))[0] == 200

    async def pid(self) -> int:
        """Who answers on a new connection."""
        async with aio.insecure_channel(f"127.0.0.1:{self.port}", options=_ALONE) as once:
            return int((await ask(once)).value)

    async def until_all_answer(self, but: int = 0) -> set[int]:
        """All processes that serve, none of which is `but`."""
        found: set[int] = set()

        async def all_have() -> bool:
            found.add(await self.pid())
            return len(found - {but}) == _PROCESSES

        await eventually(all_have, seconds=_PATIENCE)
        return found - {but}


async def code(through: aio.Channel) -> grpc.StatusCode:
    try:
        await ask(through)
    except aio.AioRpcError as error:
        return error.code()
    return grpc.StatusCode.OK


async def ask(through: aio.Channel) -> StringValue:
    call: aio.UnaryUnaryMultiCallable[StringValue, StringValue] = through.unary_unary(
        UNARY, StringValue.SerializeToString, StringValue.FromString
    )
    return await call(StringValue(), timeout=20, wait_for_ready=True)


@asynccontextmanager
async def several(processes: int = _PROCESSES) -> AsyncIterator[Several]:
    with ports.choose() as port:
        async with several_on(port, processes) as started:
            yield started


@asynccontextmanager
async def several_on(port: int, processes: int = _PROCESSES) -> AsyncIterator[Several]:
    """Another may listen on the same port: calls go to all processes of both."""
    with ports.choose() as metrics_port:
        environment = {
            **os.environ,
            "PRAXISPOST_GRPC_PORT": str(port),
            "PRAXISPOST_METRICS_PORT": str(metrics_port),
            "PRAXISPOST_API_PROCESSES": str(processes),
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.integration.chassis.several_api", cwd=ROOT, env=environment
        )
        started = Several(process, port, metrics_port)
        try:
            await eventually(started.is_ready, seconds=_PATIENCE)
            yield started
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


async def test_all_answer_on_one_port_and_are_counted_apart() -> None:
    async with several() as api:
        pids = await api.until_all_answer()
        assert api.process.pid not in pids
        _, shown = await api.get("/metrics")
        handled = [line for line in shown.splitlines() if line.startswith("grpc_server_handled_total{")]
        for number in range(1, _PROCESSES + 1):
            assert any(
                f'api_process="{number}"' in line and 'grpc_method="Unary"' in line for line in handled
            )
            assert f'process_resident_memory_bytes{{api_process="{number}"}}' in shown
        assert shown.count("# TYPE process_resident_memory_bytes ") == 1


async def test_the_end_under_load_loses_no_call() -> None:
    async with several() as ending:
        answered: list[int] = []
        is_over = asyncio.Event()

        async def caller() -> None:
            """Has a call under way when the end begins, and goes on with who stays."""
            async with channel(f"127.0.0.1:{ending.port}", tokens=None, audience="several") as through:
                while not is_over.is_set():
                    answered.append(int((await ask(through)).value))

        async def all_are_busy() -> bool:
            return len(answered) > 200

        callers = asyncio.gather(*(caller() for _ in range(24)))
        await eventually(all_are_busy, seconds=_PATIENCE)
        async with several_on(ending.port) as staying:
            ending.process.send_signal(signal.SIGTERM)
            assert await ending.process.wait() == 0
            is_over.set()
            await callers
            assert await staying.is_ready()


async def test_calls_that_the_loop_cannot_look_at_are_cancelled_and_can_be_made_again() -> None:
    async with several(processes=1) as api, AsyncExitStack() as connections:
        channels = [
            await connections.enter_async_context(
                aio.insecure_channel(f"127.0.0.1:{api.port}", options=_ALONE)
            )
            for _ in range(2)
        ]
        for each in channels:
            await ask(each)
        pid = await api.pid()
        os.kill(pid, signal.SIGSTOP)
        # gRPC takes in what has come meanwhile sooner than the event loop can look at it.
        calls = [asyncio.create_task(code(each)) for each in channels for _ in range(400)]
        await asyncio.sleep(1)
        os.kill(pid, signal.SIGCONT)
        codes = Counter(await asyncio.gather(*calls))
        assert codes[grpc.StatusCode.OK] > 0
        assert codes[grpc.StatusCode.CANCELLED] > 0
        assert codes.keys() <= {*_ANSWERED, grpc.StatusCode.CANCELLED}
        again = [await code(channels[0]) for _ in range(20)]
        assert set(again) == {grpc.StatusCode.OK}


async def test_one_that_is_killed_is_replaced() -> None:
    async with several() as api:
        victim = await api.pid()
        os.kill(victim, signal.SIGKILL)

        async def is_missed() -> bool:
            return not await api.is_ready()

        await eventually(is_missed, seconds=_PATIENCE)
        await eventually(api.is_ready, seconds=_PATIENCE)
        await api.until_all_answer(but=victim)


async def test_nobody_goes_on_alone_when_the_starter_is_killed() -> None:
    async with several() as api:
        pids = await api.until_all_answer()
        api.process.kill()
        await api.process.wait()

        async def all_are_gone() -> bool:
            return not any(_runs(pid) for pid in pids)

        await eventually(all_are_gone, seconds=_PATIENCE)


@pytest.mark.parametrize(("processes", "port"), [("0", "5000"), ("2", "0")])
def test_settings_that_cannot_be_are_refused(processes: str, port: str) -> None:
    names = {"GRPC_PORT": port, "METRICS_PORT": "0", "API_PROCESSES": processes}
    settings = load(Settings, {f"PRAXISPOST_{name}": value for name, value in names.items()})

    async def never(stop: asyncio.Event) -> None:
        raise AssertionError("serves")

    with pytest.raises(SettingsError):
        run_api(settings, "several", never)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
