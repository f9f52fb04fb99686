"""Runs one asyncio process until it is told to stop."""

import asyncio
import gc
import signal
from collections.abc import Callable, Coroutine

from chassis import logs

_LOG = logs.get(__name__)
_STOPPING = (signal.SIGTERM, signal.SIGINT)


def run(main: Callable[[asyncio.Event], Coroutine[None, None, None]]) -> None:
    """Run `main`; its argument is set at SIGTERM or SIGINT, whereupon it ends in its own time.

    A second signal ends the process at once. As process 1 of a container Python would ignore them otherwise.
    """
    _collect_seldom()
    asyncio.run(_until_stopped(main))
    # What the process holds goes with it. Python would look through all of it for cycles first, which took
    # more than everything else at the end of an api that had nothing in hand.
    gc.freeze()


def _collect_seldom() -> None:
    """Nearly all garbage goes by itself, as soon as nobody refers to it. Looking for cycles among the rest,
    and through modules and tables that stay as long as the process, took 8 % of what a call costs.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


async def _until_stopped(main: Callable[[asyncio.Event], Coroutine[None, None, None]]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def on_signal(received: signal.Signals) -> None:
        _LOG.info("stopping", signal=received)
        stop.set()
        for each in _STOPPING:
            loop.remove_signal_handler(each)
            signal.signal(each, signal.SIG_DFL)

    for each in _STOPPING:
        loop.add_signal_handler(each, on_signal, each)
    with logs.written_together(loop.call_later):
        await main(stop)
