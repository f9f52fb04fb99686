"""That background work goes on whatever happens, and ends when told to; no database is needed for that."""

import asyncio
from datetime import timedelta

import pytest

from chassis.wakeups import Wakeups, pause
from chassis.worker import Worker

NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"
LONG = timedelta(hours=1)


async def run_until(worker: Worker, done: asyncio.Event) -> None:
    stop = asyncio.Event()
    running = asyncio.create_task(worker.run(stop))
    async with asyncio.timeout(20):
        await done.wait()
        stop.set()
        await running


async def test_work_is_done_at_start() -> None:
    done = asyncio.Event()

    async def work() -> None:
        done.set()

    worker = Worker(NOWHERE)
    worker.every("sample", LONG, work)
    await run_until(worker, done)


async def test_work_that_has_more_to_do_is_called_again_at_once() -> None:
    done, left = asyncio.Event(), [1, 2, 3]

    async def work() -> bool:
        left.pop()
        if not left:
            done.set()
        return bool(left)

    worker = Worker(NOWHERE)
    worker.every("sample", LONG, work)
    await run_until(worker, done)
    assert left == []


async def test_work_comes_again_after_the_interval() -> None:
    done = asyncio.Event()
    calls: list[None] = []

    async def work() -> None:
        calls.append(None)
        if len(calls) == 3:
            done.set()

    worker = Worker(NOWHERE)
    worker.every("sample", timedelta(milliseconds=1), work)
    await run_until(worker, done)


async def test_work_that_fails_is_logged_and_begins_anew_while_other_work_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    done, failures = asyncio.Event(), [LookupError("Frau Canary")]
    others: list[None] = []

    async def fails() -> None:
        if failures:
            raise failures.pop()
        done.set()

    async def other() -> None:
        others.append(None)

    worker = Worker(NOWHERE)
    worker.every("failing", LONG, fails)
    worker.every("other", LONG, other)
    await run_until(worker, done)
    assert "loop failed" in caplog.text
    assert len(others) == 1


async def test_what_is_in_hand_may_end() -> None:
    begun, may_end = asyncio.Event(), asyncio.Event()
    ended: list[None] = []

    async def serve(stop: asyncio.Event, _wakeups: Wakeups) -> None:
        begun.set()
        await stop.wait()
        await may_end.wait()
        ended.append(None)

    worker, stop = Worker(NOWHERE), asyncio.Event()
    worker.serve("sample", serve)
    running = asyncio.create_task(worker.run(stop))
    await begun.wait()
    stop.set()
    may_end.set()
    await running
    assert ended == [None]


async def test_two_loops_of_one_name_are_refused() -> None:
    worker = Worker(NOWHERE)
    worker.every("sample", LONG, asyncio.Event().wait)
    with pytest.raises(ValueError, match="sample"):
        worker.every("sample", LONG, asyncio.Event().wait)


async def test_a_pause_ends_when_told_to_stop() -> None:
    stop = asyncio.Event()
    pausing = asyncio.create_task(pause(3600, stop))
    stop.set()
    async with asyncio.timeout(20):
        await pausing
