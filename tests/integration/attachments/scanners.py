"""Scanners for the tests: a real clamd that knows one signature, and a stand-in that fails as it is told."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Iterator
from enum import Enum, auto
from pathlib import Path
from typing import Final

from deploy.local import ports
from deploy.local.data_folder import DataFolder
from deploy.local.processes import Command, Process
from scripts.setup.scanner import clamd

# In pieces, so that no scanner takes this file for it.
EICAR: Final = b"".join(
    (rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$", b"EICAR-STANDARD-", b"ANTIVIRUS-TEST-FILE", b"!$H+H*")
)


@contextlib.contextmanager
def real_scanner(data: DataFolder, folder: Path, **options: str) -> Iterator[str]:
    """The address of a clamd of its own, with these options besides; it knows EICAR's test file and nothing
    else."""
    database = folder / "signatures"
    database.mkdir()
    (database / "eicar.ndb").write_text(f"Eicar-Test-Signature:0:*:{EICAR.hex()}\n")
    port = data.port("clamd-test")
    settings = {
        "DatabaseDirectory": str(database),
        "TemporaryDirectory": str(folder),
        "Foreground": "yes",
        "TCPSocket": str(port),
        "TCPAddr": "127.0.0.1",
        **options,
    }
    configuration = folder / "clamd.conf"
    configuration.write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
    process = Process(Command("clamd", [clamd(), f"--config-file={configuration}"]), data)
    process.start()
    try:
        process.wait_ready(lambda: ports.accepts_connections(port), 60)
        yield f"127.0.0.1:{port}"
    finally:
        process.stop()


class Way(Enum):
    """How the stand-in behaves towards a new connection."""

    CLEAN = auto()
    FOUND = auto()
    # Reads all, and never answers.
    SILENT = auto()
    # Takes the connection, and reads nothing.
    BLACK_HOLE = auto()
    RESET = auto()
    RESET_IN_THE_MIDDLE = auto()
    # Takes all, and ends without a word.
    ENDS = auto()
    TOO_LARGE = auto()
    NONSENSE = auto()


class StandIn:
    """Speaks clamd's INSTREAM at `address`. `way` can be changed at any time; `answer` is set while it may
    say what it found; `documents` are those that came as a whole."""

    def __init__(self) -> None:
        self.way = Way.CLEAN
        self.answer = asyncio.Event()
        self.answer.set()
        self.documents: list[bytes] = []
        self.address = ""
        self._server: asyncio.Server | None = None
        self._port = 0
        self._serving: set[asyncio.Task[None]] = set()

    async def begin(self) -> None:
        """Take connections, always at the same port."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]
        self.address = f"127.0.0.1:{self._port}"

    async def end(self) -> None:
        """Refuse connections, and cut those that are open."""
        assert self._server is not None
        self._server.close()
        for task in list(self._serving):
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._behave(reader, writer))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        await asyncio.wait([task])

    async def _behave(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer), contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            if self.way is Way.BLACK_HOLE:
                # A connection's transport reads, too, but StreamWriter types it as one that only writes.
                writer.transport.pause_reading()  # type: ignore[attr-defined]
                await asyncio.Event().wait()
            if self.way is Way.RESET:
                _reset(writer)
                return
            assert await reader.readexactly(10) == b"zINSTREAM\0"
            await self._take(reader, writer)

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        document = bytearray()
        while size := int.from_bytes(await reader.readexactly(4), "big"):
            document += await reader.readexactly(size)
            if self.way is Way.RESET_IN_THE_MIDDLE:
                _reset(writer)
                return
            if self.way is Way.TOO_LARGE:
                writer.write(b"INSTREAM size limit exceeded. ERROR\0")
                return
        self.documents.append(bytes(document))
        if self.way is Way.SILENT:
            await asyncio.Event().wait()
        await self.answer.wait()
        writer.write(_ANSWERS[self.way])


_ANSWERS: Final = {
    Way.CLEAN: b"stream: OK\0",
    Way.FOUND: b"stream: Test.Signature FOUND\0",
    Way.ENDS: b"",
    Way.NONSENSE: b"stream: perhaps OK\0",
}


@contextlib.asynccontextmanager
async def stand_in() -> AsyncIterator[StandIn]:
    """A stand-in that takes connections."""
    scanner = StandIn()
    await scanner.begin()
    try:
        yield scanner
    finally:
        await scanner.end()


def _reset(writer: asyncio.StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
