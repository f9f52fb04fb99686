"""Stands between attachments and its object store, and takes the store away."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace

from services.attachments.settings import StoreSettings


class Outage:
    """A way to the store that can be cut: refusing connections, or taking them and never answering.

    `settings` lead to the store by this way.
    """

    def __init__(self, settings: StoreSettings) -> None:
        self.settings = settings
        self._host, _, port = settings.endpoint.partition(":")
        self._port = int(port)
        self._own_port = 0
        self._server: asyncio.Server | None = None
        self._relays: set[asyncio.Task[None]] = set()
        self._silent = False

    async def begin(self, *, silent: bool = False) -> None:
        """Cut all connections; new ones are refused, or taken and left without an answer."""
        self._silent = silent
        if self._server is not None and not silent:
            self._server.close()
            self._server = None
        relays = list(self._relays)
        for relay in relays:
            relay.cancel()
        await asyncio.gather(*relays, return_exceptions=True)

    async def end(self) -> None:
        """Let connections through."""
        self._silent = False
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._own_port)
            self._own_port = self._server.sockets[0].getsockname()[1]
            self.settings = replace(self.settings, endpoint=f"127.0.0.1:{self._own_port}")

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer):
            if self._server is None:
                return  # it came just before the cut
            task = asyncio.create_task(self._relay(reader, writer))
            self._relays.add(task)
            task.add_done_callback(self._relays.discard)
            await asyncio.wait([task])

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._silent:
            await asyncio.Event().wait()
        to_reader, to_writer = await asyncio.open_connection(self._host, self._port)
        with contextlib.closing(to_writer):
            await asyncio.gather(_copy(reader, to_writer), _copy(to_reader, writer))


@contextlib.asynccontextmanager
async def outage_before(settings: StoreSettings) -> AsyncIterator[Outage]:
    """A way to that store, open at first."""
    outage = Outage(settings)
    await outage.end()
    try:
        yield outage
    finally:
        await outage.begin()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(256 * 1024):
            writer.write(data)
            await writer.drain()
        writer.write_eof()
