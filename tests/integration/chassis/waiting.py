"""Waits for a fact that nothing announces."""

import asyncio
from collections.abc import Awaitable, Callable

from chassis.wakeups import pause

_LOOK_EVERY = 0.02


async def eventually(fact: Callable[[], Awaitable[bool]], *, seconds: float = 20) -> None:
    """Return as soon as it is true; raises TimeoutError if it does not become so."""
    nothing = asyncio.Event()
    async with asyncio.timeout(seconds):
        while not await fact():
            await pause(_LOOK_EVERY, nothing)
