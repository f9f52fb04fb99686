"""Lets a malware scanner look at documents while they come: clamd, by its command INSTREAM (`man clamd`)."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Final, Protocol

from chassis import logs
from chassis.refusal import Refusal
from services.attachments import refusals
from services.attachments.metrics import Metrics, ScanResult

_LOG = logs.get(__name__)
# z: the command, and so its answer, ends with a zero byte.
_COMMAND: Final = b"zINSTREAM\0"
_END: Final = bytes(4)
_CLEAN: Final = "stream: OK"
_FOUND: Final = re.compile(r"stream: (?P<signature>.+) FOUND")
_LONGEST_ANSWER: Final = 1024


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds for a connection, for the scanner to take more bytes, and for its answer after the last one."""

    connection: float = 2.0
    room: float = 8.0
    answer: float = 30.0


class Scan(Protocol):
    """One document at the scanner."""

    async def add(self, chunk: bytes) -> None:
        """The next bytes; refuses with SCANNER_UNAVAILABLE where they are not taken."""

    async def check(self) -> None:
        """After the last byte: refuses what is not clean with MALWARE_FOUND, and what was not scanned to its
        end, for whatever reason, with SCANNER_UNAVAILABLE."""


class Scanner(Protocol):
    """Where documents are scanned."""

    def scan(self) -> AbstractAsyncContextManager[Scan]:
        """Begin with a document; refuses with SCANNER_UNAVAILABLE. The block's end breaks the scan off."""


class Unscanned:
    """For a platform without a scanner: takes every document for clean."""

    @asynccontextmanager
    async def scan(self) -> AsyncIterator[Scan]:
        """Begin with a document."""
        yield self

    async def add(self, chunk: bytes) -> None:
        """The next bytes."""

    async def check(self) -> None:
        """After the last byte."""


class Clamd:
    """The scanner at `address`, host:port. It looks at a document once it has all of it, so most of the time
    of a scan comes after the last byte."""

    def __init__(self, address: str, metrics: Metrics, patience: Patience | None = None) -> None:
        host, _, self._port = address.rpartition(":")
        self._host = host.strip("[]")
        self._metrics = metrics
        self._patience = patience or Patience()

    @asynccontextmanager
    async def scan(self) -> AsyncIterator[Scan]:
        """Begin with a document."""
        stream = _Stream(self._metrics, self._patience)
        await stream.open(self._host, self._port)
        try:
            yield stream
        finally:
            await stream.close()


class _Stream:
    """A document on its way to clamd, with the time that it waited there."""

    def __init__(self, metrics: Metrics, patience: Patience) -> None:
        self._metrics = metrics
        self._patience = patience
        self._clock = asyncio.get_running_loop().time
        self._waited = 0.0

    async def open(self, host: str, port: str) -> None:
        """Connect, and say what comes."""
        async with self._within(self._patience.connection):
            reader, self._writer = await asyncio.open_connection(host, port, limit=_LONGEST_ANSWER)
        # clamd may say at any time that it takes no more, and then ends the connection.
        self._answer = asyncio.create_task(reader.readuntil(b"\0"))
        self._writer.write(_COMMAND)

    async def close(self) -> None:
        """End the connection, whatever is on its way."""
        self._answer.cancel()
        await asyncio.gather(self._answer, return_exceptions=True)
        self._writer.transport.abort()

    async def add(self, chunk: bytes) -> None:
        """The next bytes."""
        if self._answer.done():
            raise self._failed(self._said())
        self._writer.write(len(chunk).to_bytes(4, "big") + chunk)
        async with self._within(self._patience.room):
            await self._writer.drain()

    async def check(self) -> None:
        """After the last byte."""
        self._writer.write(_END)
        async with self._within(self._patience.answer):
            await asyncio.shield(self._answer)
        said = self._said()
        found = _FOUND.fullmatch(said)
        if found is not None:
            self._metrics.scanned(ScanResult.FOUND, self._waited)
            _LOG.warning("malware found", kind="attachment", reason=found["signature"])
            raise refusals.malware_found()
        if said != _CLEAN:
            raise self._failed(said)
        self._metrics.scanned(ScanResult.CLEAN, self._waited)

    @asynccontextmanager
    async def _within(self, seconds: float) -> AsyncIterator[None]:
        begun = self._clock()
        try:
            async with asyncio.timeout(seconds):
                yield
        except (OSError, EOFError, asyncio.LimitOverrunError) as error:
            self._waited += self._clock() - begun
            raise self._failed(type(error).__name__) from error
        self._waited += self._clock() - begun

    def _said(self) -> str:
        """The answer, or how its coming ended."""
        error = self._answer.exception()
        if error is not None:
            return type(error).__name__
        return self._answer.result()[:-1].decode(errors="replace")

    def _failed(self, reason: str) -> Refusal:
        self._metrics.scanned(ScanResult.FAILED, self._waited)
        _LOG.warning("scanner cannot be reached, or did not scan", dependency="scanner", reason=reason)
        return refusals.scanner_unavailable()
