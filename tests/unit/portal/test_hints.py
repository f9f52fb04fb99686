"""What an open page is told while messaging goes away and comes back."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from grpc import StatusCode, aio
from starlette.exceptions import HTTPException

from chassis.settings import Secret
from praxispost.identity.v1 import tokens_pb2, tokens_pb2_grpc
from praxispost.messaging.v1 import messaging_pb2, messaging_pb2_grpc
from services.portal.hints import Following, Hints
from services.portal.people import People
from services.portal.services import Services
from services.portal.tools import Tools
from services.portal.typing_keys import TypingKeys

_CHANGE = messaging_pb2.Change(kind=messaging_pb2.ChangeKind.CHANGE_KIND_RECEIPT, message_id="m")


def _now() -> datetime:
    return datetime.now(UTC)


class _Tokens(tokens_pb2_grpc.TokenServiceServicer):
    async def ExchangeSession(
        self,
        request: tokens_pb2.ExchangeSessionRequest,
        context: aio.ServicerContext[tokens_pb2.ExchangeSessionRequest, tokens_pb2.ExchangeSessionResponse],
    ) -> tokens_pb2.ExchangeSessionResponse:
        ends = Timestamp()
        ends.FromDatetime(_now() + timedelta(seconds=60))
        return tokens_pb2.ExchangeSessionResponse(token="t", expires_at=ends, subject_id="s", role="admin")


@dataclass
class _Messaging(messaging_pb2_grpc.MessagingServiceServicer):
    """Breaks off the first stream, ends the second before it begins, and refuses the third."""

    streams: int = 0

    async def Watch(
        self,
        request: messaging_pb2.WatchRequest,
        context: aio.ServicerContext[messaging_pb2.WatchRequest, messaging_pb2.WatchResponse],
    ) -> AsyncIterator[messaging_pb2.WatchResponse]:
        self.streams += 1
        if self.streams == 2:
            return
        if self.streams == 3:
            await context.abort(StatusCode.UNAVAILABLE, "starting")
        yield messaging_pb2.WatchResponse()
        if self.streams == 1:
            await context.abort(StatusCode.UNAVAILABLE, "stopping")
        yield messaging_pb2.WatchResponse(change=_CHANGE)
        await asyncio.Event().wait()


@pytest.fixture
async def tools() -> AsyncIterator[Tools]:
    server = aio.server()
    tokens_pb2_grpc.add_TokenServiceServicer_to_server(
        _Tokens(),  # type: ignore[abstract]  # what is not asked is not there
        server,
    )
    messaging_pb2_grpc.add_MessagingServiceServicer_to_server(
        _Messaging(),  # type: ignore[abstract]  # what is not asked is not there
        server,
    )
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        services = Services(channel, channel, channel, channel)
        keys = TypingKeys(Secret("0123456789abcdef0123456789abcdef"))
        yield Tools(services, People(services, _now), _now, lambda: 0.0, uuid4, asyncio.Event(), 0, keys)
    await server.stop(None)


async def test_a_page_reads_again_once_when_hints_come_again_and_not_before(tools: Tools) -> None:
    person = await tools.people.person("secret", present=True)
    lines = aiter(Hints(tools, person, Following()).response().body_iterator)
    told = [str(await asyncio.wait_for(anext(lines), 10)) for _ in range(3)]
    assert told[0].endswith(f"event: person\ndata: {person.id}\n\n")
    assert '"again"' in told[1]
    assert '"receipt"' in told[2]
    tools.stop.set()


async def test_one_session_follows_with_so_many_pages_and_no_more(tools: Tools) -> None:
    person, following = await tools.people.person("secret", present=True), Following()
    with contextlib.ExitStack() as open_pages:
        for _ in range(40):
            Hints(tools, person, following).response()
            open_pages.enter_context(following.one_more(person.session_id))
        with pytest.raises(HTTPException):
            Hints(tools, person, following).response()
        following.check("another session")
    Hints(tools, person, following).response()


async def test_a_page_that_is_closed_follows_no_more(tools: Tools) -> None:
    person, following = await tools.people.person("secret", present=True), Following()
    content = Hints(tools, person, following).response().body_iterator
    assert isinstance(content, AsyncGenerator)
    with contextlib.ExitStack() as others:
        for _ in range(39):
            others.enter_context(following.one_more(person.session_id))
        await anext(content)
        with pytest.raises(HTTPException):
            following.check(person.session_id)
        await content.aclose()
        following.check(person.session_id)
