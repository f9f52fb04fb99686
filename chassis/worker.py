"""Runs a service's background work: named loops that outlive their errors and end in good order."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from typing import TypeAlias

from chassis import logs
from chassis.wakeups import Wakeups, pause

Serve: TypeAlias = Callable[[asyncio.Event, Wakeups], Coroutine[None, None, None]]

_LOG = logs.get(__name__)
_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 10.0
_GRACE = 20.0


class Worker:
    """`every` and `serve` say what to do, `run` does all of it until it is stopped."""

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url
        self._loops: dict[str, Serve] = {}
        self._channels: set[str] = set()

    def every(
        self,
        name: str,
        interval: timedelta,
        work: Callable[[], Awaitable[object]],
        *,
        wake_channel: str | None = None,
    ) -> None:
        """Do the work at start, then whenever the channel is woken, and at least once per interval.

        Work that returns True has more to do and is called again at once.
        """

        async def cycle(stop: asyncio.Event, wakeups: Wakeups) -> None:
            with wakeups.on(wake_channel) as wake:
                while not stop.is_set():
                    if await work() is not True:
                        await pause(interval.total_seconds(), stop, wake)

        self.serve(name, cycle, wake_channel=wake_channel)

    def serve(self, name: str, serve: Serve, *, wake_channel: str | None = None) -> None:
        """Run something that goes on until the event is set, such as `Inbox.run`."""
        if name in self._loops:
            raise ValueError(f"two loops are called {name}")
        self._loops[name] = serve
        if wake_channel is not None:
            self._channels.add(wake_channel)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until stopped; then what is in hand has 20 seconds to end."""
        async with Wakeups(self._database_url, self._channels) as wakeups:
            tasks = [
                asyncio.create_task(_keep_going(name, serve, stop, wakeups), name=name)
                for name, serve in self._loops.items()
            ]
            await stop.wait()
            await _end(tasks)


async def _keep_going(name: str, serve: Serve, stop: asyncio.Event, wakeups: Wakeups) -> None:
    """An error is logged and what raised it begins anew, after pauses that grow while it fails quickly."""
    clock = asyncio.get_running_loop().time
    retry_in = _FIRST_PAUSE
    while not stop.is_set():
        started = clock()
        try:
            await serve(stop, wakeups)
        except Exception as error:
            if clock() - started > _LONGEST_PAUSE:
                retry_in = _FIRST_PAUSE
            _LOG.error("loop failed", error=error, loop=name, retry_in=retry_in)
            await pause(retry_in, stop)
            retry_in = min(retry_in * 2, _LONGEST_PAUSE)


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    if not tasks:
        return
    _, late = await asyncio.wait(tasks, timeout=_GRACE)
    for task in late:
        _LOG.warning("loop did not end in time", loop=task.get_name())
        task.cancel()
    if late:
        await asyncio.wait(late)
