"""Many messages over one stream: each is sent on its own, and answered when its outcome is there."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import Final, TypeAlias
from uuid import uuid4

from google.rpc.code_pb2 import Code

from chassis import logs
from chassis.caller import Caller
from chassis.refusal import Refusal, invalid
from praxispost.messaging.v1 import messaging_pb2 as wire

_LOG: Final = logs.get(__name__)
_MOST_UNDER_WAY: Final = 256
_MOST_IN_REQUEST: Final = 64


# Sends one message of a caller.
Send: TypeAlias = Callable[[Caller, wire.SendMessageRequest], Awaitable[wire.SendMessageResponse]]


class MessageStream:
    """Accepts messages of a practice's program."""

    def __init__(self, send: Send) -> None:
        self._send_one = send

    async def outcomes(
        self, caller: Caller, requests: AsyncIterator[wire.SendMessagesRequest]
    ) -> AsyncGenerator[wire.SendMessagesResponse, None]:
        """The outcomes as they are ready, those that are ready together in one response.

        Reads no further while too many messages have none, or their outcomes are not taken. Refuses
        INVALID_FIELD; what is wrong with a message is its outcome.
        """
        under_way = _UnderWay()
        reading = asyncio.create_task(self._read(caller, requests, under_way))
        reading.add_done_callback(lambda _: under_way.arrived.set())
        try:
            while ready := await under_way.ready(reading):
                yield wire.SendMessagesResponse(outcomes=ready)
                under_way.taken(len(ready))
            await reading
        finally:
            reading.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await reading

    async def _read(
        self, caller: Caller, requests: AsyncIterator[wire.SendMessagesRequest], under_way: "_UnderWay"
    ) -> None:
        """What was read before a request that is refused has its outcome all the same."""
        refused: Refusal | None = None
        async with asyncio.TaskGroup() as sending:
            try:
                async for request in requests:
                    _check(request)
                    for message in request.messages:
                        await under_way.room.acquire()
                        sending.create_task(self._send(caller, message, under_way))
            except Refusal as refusal:
                refused = refusal
        if refused is not None:
            raise refused

    async def _send(self, caller: Caller, request: wire.SendMessageRequest, under_way: "_UnderWay") -> None:
        outcome = wire.SendOutcome(request_id=request.request_id)
        try:
            outcome.sent.CopyFrom(await self._send_one(caller, request))
        except Refusal as refusal:
            outcome.refused.CopyFrom(_refused(refusal))
        except Exception as error:
            error_id = uuid4()
            _LOG.error("message of a stream not sent", error=error, error_id=error_id)
            outcome.refused.code = Code.INTERNAL
            outcome.refused.message = f"internal error {error_id}"
        under_way.add(outcome)


class _UnderWay:
    """The messages of a stream that were read and not yet answered."""

    def __init__(self) -> None:
        self.room = asyncio.Semaphore(_MOST_UNDER_WAY)
        self.arrived = asyncio.Event()
        self._outcomes: list[wire.SendOutcome] = []

    def add(self, outcome: wire.SendOutcome) -> None:
        """It has its outcome."""
        self._outcomes.append(outcome)
        self.arrived.set()

    async def ready(self, reading: "asyncio.Task[None]") -> list[wire.SendOutcome]:
        """The outcomes that are there, as soon as there is one; none once all were taken and none comes."""
        while not self._outcomes and not reading.done():
            self.arrived.clear()
            await self.arrived.wait()
        found, self._outcomes = self._outcomes, []
        return found

    def taken(self, count: int) -> None:
        """So many were handed over: there is room again."""
        for _ in range(count):
            self.room.release()


def _check(request: wire.SendMessagesRequest) -> None:
    if not 1 <= len(request.messages) <= _MOST_IN_REQUEST:
        raise invalid("messages", f"must hold 1 to {_MOST_IN_REQUEST} messages")


def _refused(refusal: Refusal) -> wire.SendRefusal:
    return wire.SendRefusal(
        code=Code.Value(refusal.status.name),
        reason=refusal.reason,
        message=refusal.message,
        metadata=dict(refusal.metadata),
        fields=[each.field for each in refusal.fields],
    )
