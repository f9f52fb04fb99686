"""That calls end at their deadline, and that whoever ends them otherwise is not mistaken for it."""

import asyncio

import pytest

from chassis.call_endings import CallEndings
from chassis.refusal import Refusal
from chassis.rpc_context import seconds_left


async def forever() -> None:
    await asyncio.Event().wait()


async def test_work_in_time_gives_its_result() -> None:
    async def work() -> float | None:
        return seconds_left()

    left = await CallEndings().bounded(5, work)
    assert left is not None
    assert 4 < left <= 5


@pytest.mark.parametrize("seconds", [0.02, 0, -1])
async def test_work_that_takes_too_long_is_ended(seconds: float) -> None:
    with pytest.raises(Refusal) as refused:
        await CallEndings().bounded(seconds, forever)
    assert refused.value.reason == "DEADLINE_PASSED"
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_each_call_has_a_deadline_of_its_own() -> None:
    endings = CallEndings()
    long = asyncio.create_task(endings.bounded(60, forever))
    with pytest.raises(Refusal):
        await endings.bounded(0.02, forever)
    assert not long.done()
    long.cancel()
    with pytest.raises(asyncio.CancelledError):
        await long


async def test_a_call_that_is_cancelled_is_not_told_of_a_deadline() -> None:
    call = asyncio.create_task(CallEndings().bounded(60, forever))
    await asyncio.sleep(0)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call


async def test_an_error_that_the_end_leads_to_is_raised_as_it_is() -> None:
    async def failing() -> None:
        try:
            await forever()
        except asyncio.CancelledError as error:
            raise ValueError from error

    with pytest.raises(ValueError, match=r"^$"):
        await CallEndings().bounded(0.02, failing)
