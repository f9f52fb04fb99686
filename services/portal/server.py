"""Serves the pages over HTTP until told to stop, then lets running requests end."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from socket import socket
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from chassis.telemetry import Telemetry

_GRACE_SECONDS: Final = 20


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, telemetry: Telemetry) -> None:
        super().__init__(config)
        self._telemetry = telemetry

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to chassis.process."""
        yield

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """Say that it is ready once it listens."""
        await super().startup(sockets)
        self._telemetry.ready = self.started


async def serve(app: ASGIApp, host: str, port: int, telemetry: Telemetry, stop: asyncio.Event) -> None:
    """Serve `app` until told to stop. Uses no header of a proxy: limits.py reads those that it trusts."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        lifespan="off",
        ws="none",
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_config=None,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    server = _Server(config, telemetry)
    running = asyncio.create_task(server.serve())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
    telemetry.ready = False
    server.should_exit = True
    stopping.cancel()
    await running
