"""A stream of messages is read no faster than its outcomes are taken, and a fault in one ends no other."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import uuid4

from chassis.caller import Caller
from praxispost.messaging.v1 import messaging_pb2 as wire
from services.messaging.sending.stream import MessageStream

PROGRAM = Caller(uuid4(), "practice_service", uuid4(), (), None, datetime.now(UTC))


class Sender:
    """Sends in a few turns of the event loop, and the message with the subject "fault" never."""

    def __init__(self) -> None:
        self.under_way = 0
        self.ended = 0

    async def send(self, caller: Caller, request: wire.SendMessageRequest) -> wire.SendMessageResponse:
        self.under_way += 1
        try:
            for _ in range(3):
                await asyncio.sleep(0)
            if request.subject == "fault":
                raise LookupError
            if request.subject == "never":
                await asyncio.Event().wait()
            return wire.SendMessageResponse(message_id=request.request_id)
        finally:
            self.under_way -= 1
            self.ended += 1


class Source:
    """Endless requests of 10 messages; knows how many messages were read."""

    def __init__(self, subject: str = "") -> None:
        self.read = 0
        self._subject = subject

    async def __aiter__(self) -> AsyncIterator[wire.SendMessagesRequest]:
        while True:
            self.read += 10
            message = wire.SendMessageRequest(request_id="x", subject=self._subject)
            yield wire.SendMessagesRequest(messages=[message] * 10)


async def turns(count: int = 2000) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_who_takes_no_outcomes_is_read_no_further() -> None:
    source = Source()
    outcomes = MessageStream(Sender().send).outcomes(PROGRAM, aiter(source))
    taken = len((await anext(outcomes)).outcomes)
    await turns()
    assert source.read <= taken + 256 + 10
    before = source.read
    while taken < before:
        taken += len((await anext(outcomes)).outcomes)
    await turns()
    assert source.read > before
    await outcomes.aclose()


async def test_what_is_under_way_ends_with_the_stream() -> None:
    sender = Sender()
    outcomes = MessageStream(sender.send).outcomes(PROGRAM, aiter(Source("never")))
    first = asyncio.ensure_future(anext(outcomes))
    await turns()
    assert sender.under_way == 256
    first.cancel()
    await asyncio.wait([first])
    assert (sender.under_way, sender.ended) == (0, 256)


async def test_a_fault_in_one_message_is_its_own_outcome() -> None:
    async def requests() -> AsyncIterator[wire.SendMessagesRequest]:
        for subject in ("good", "fault", "good"):
            message = wire.SendMessageRequest(request_id=str(uuid4()), subject=subject)
            yield wire.SendMessagesRequest(messages=[message])

    stream = MessageStream(Sender().send).outcomes(PROGRAM, requests())
    found = [each async for response in stream for each in response.outcomes]
    assert sorted(each.WhichOneof("outcome") or "" for each in found) == ["refused", "sent", "sent"]
    (refused,) = [each.refused for each in found if each.HasField("refused")]
    assert (refused.code, refused.reason) == (13, "")
