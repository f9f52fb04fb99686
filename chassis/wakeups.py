"""Listens for wakes in one connection per process and hands them to whoever waits."""

import asyncio
import contextlib
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Self

import psycopg
from psycopg import sql

from chassis import logs

_LOG = logs.get(__name__)
_PAUSE = 1.0
_ALIVE_WITHIN = 15.0


class Wake:
    """One waiter's view of a channel; collects what was sent while it did not wait."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self._payloads: dict[str, None] = {}

    async def wait(self, seconds: float) -> tuple[str, ...]:
        """The distinct payloads since the last call; empty after that time, when it is best to look anyway.

        The payload "" means that anything may have happened, as after a lost connection.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._event.wait()
        self._event.clear()
        payloads, self._payloads = self._payloads, {}
        return tuple(payloads)

    async def arrived(self) -> None:
        """Wait for as long as it takes, and forget what was sent."""
        await self._event.wait()
        self._event.clear()
        self._payloads.clear()

    def send(self, payload: str) -> None:
        self._payloads[payload] = None
        self._event.set()


class Wakeups:
    """`async with Wakeups(url, channels) as wakeups`: listens while inside; reconnects by itself."""

    def __init__(self, url: str, channels: Iterable[str]) -> None:
        self._url = url
        self._waiting: dict[str, list[Wake]] = {channel: [] for channel in channels}
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._listen_for_ever())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    @contextlib.contextmanager
    def on(self, channel: str | None) -> Iterator[Wake]:
        """Wait for wakes of one of the channels inside the block; others may wait for the same ones.

        Without a channel nothing ever wakes it.
        """
        wake = Wake()
        waiting = [] if channel is None else self._waiting[channel]
        waiting.append(wake)
        try:
            yield wake
        finally:
            waiting.remove(wake)

    async def _listen_for_ever(self) -> None:
        while True:
            try:
                async with await _connect(self._url) as connection:
                    await self._listen(connection)
            except (psycopg.Error, OSError, TimeoutError) as error:
                _LOG.warning("listening interrupted", error=error, retry_in=_PAUSE)
            await asyncio.sleep(_PAUSE)

    async def _listen(self, connection: psycopg.AsyncConnection) -> None:
        for channel in self._waiting:
            await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
        self._wake_all()
        while True:
            async for notify in connection.notifies(timeout=_ALIVE_WITHIN):
                for wake in self._waiting.get(notify.channel, ()):
                    wake.send(notify.payload)
            async with asyncio.timeout(_ALIVE_WITHIN):
                await connection.execute("SELECT 1")

    def _wake_all(self) -> None:
        """Whatever was sent while nobody listened is made up for."""
        for waiting in self._waiting.values():
            for wake in waiting:
                wake.send("")


async def pause(seconds: float, stop: asyncio.Event, wake: Wake | None = None) -> None:
    """Wait for the wake, or until stopped, but no longer than that."""
    events = [stop.wait()] if wake is None else [stop.wait(), wake.arrived()]
    waits = [asyncio.create_task(each) for each in events]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in waits:
            each.cancel()


async def _connect(url: str) -> psycopg.AsyncConnection:
    return await psycopg.AsyncConnection.connect(url, autocommit=True, connect_timeout=5)
