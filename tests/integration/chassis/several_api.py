"""An api of several processes: its one method says which of them answered."""

import asyncio
import os
from dataclasses import dataclass

from google.protobuf.wrappers_pb2 import StringValue

from chassis.api_processes import run_api
from chassis.grpc_server import GrpcServer, GrpcSettings
from chassis.kinds import settings_of
from chassis.telemetry import Telemetry
from tests.integration.chassis.rpc_bench import UNARY, Behaviour, Context, add_behaviour


@dataclass(frozen=True)
class Settings:
    """What it reads from the environment."""

    grpc: GrpcSettings
    metrics_port: int
    metrics_host: str = "127.0.0.1"
    api_processes: int = 1
    log_level: str = "info"


class Slow(Behaviour):
    """Takes a moment, so that calls are under way whenever it is told to end."""

    async def unary(self, request: StringValue, context: Context) -> StringValue:
        await asyncio.sleep(0.02)
        return StringValue(value=str(os.getpid()))


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    telemetry = Telemetry("several", "api", settings.metrics_port, settings.metrics_host)
    server = GrpcServer(
        settings.grpc,
        access={UNARY: frozenset({"anonymous"})},
        verifier=None,
        telemetry=telemetry,
        error_domain="several.praxispost",
    )
    server.add(add_behaviour, Slow())
    telemetry.start()
    await server.serve(stop)
    telemetry.stop()


if __name__ == "__main__":
    found = settings_of(Settings, "several", "api")
    run_api(found, "several", lambda stop: serve(found, stop))
