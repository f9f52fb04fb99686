"""Whose session it is, and which of its tokens are kept for how long."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from grpc import StatusCode, aio

from chassis.grpc_client import AioRpcError
from chassis.refusal import Refusal, Status
from chassis.rich_status import to_rpc_status
from praxispost.identity.v1 import tokens_pb2, tokens_pb2_grpc
from services.portal.people import People, SessionEnded, answered
from services.portal.services import Services

_NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


@dataclass
class Identity(tokens_pb2_grpc.TokenServiceServicer):
    """Answers each session until it has ended, and remembers what it was asked."""

    asked: list[tuple[str, bool]] = field(default_factory=list)
    refusal: Refusal | None = None

    async def ExchangeSession(
        self,
        request: tokens_pb2.ExchangeSessionRequest,
        context: aio.ServicerContext[tokens_pb2.ExchangeSessionRequest, tokens_pb2.ExchangeSessionResponse],
    ) -> tokens_pb2.ExchangeSessionResponse:
        self.asked.append((request.audience, request.by_person))
        if self.refusal is not None:
            details = to_rpc_status(self.refusal, "identity.praxispost").SerializeToString()
            status = StatusCode[self.refusal.status.name]
            await context.abort(status, self.refusal.message, (("grpc-status-details-bin", details),))
        ends = Timestamp()
        ends.FromDatetime(_NOW + timedelta(seconds=60))
        return tokens_pb2.ExchangeSessionResponse(token="t", expires_at=ends, subject_id="s", role="admin")


@pytest.fixture
def identity() -> Identity:
    return Identity()  # type: ignore[abstract]  # what is not asked is not there


@pytest.fixture
def people(services: Services) -> People:
    return People(services, lambda: _NOW)


@pytest.fixture
async def services(identity: Identity) -> AsyncIterator[Services]:
    server = aio.server()
    tokens_pb2_grpc.add_TokenServiceServicer_to_server(identity, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield Services(channel, channel, channel, channel)
    await server.stop(None)


async def test_a_persons_act_counts_although_the_page_has_just_refreshed_itself(
    people: People, identity: Identity
) -> None:
    await people.person("secret", present=False)
    await people.person("secret", present=True)
    assert identity.asked == [("identity", False), ("identity", True)]


async def test_one_act_is_told_for_all_that_follow_from_it(people: People, identity: Identity) -> None:
    person = await people.person("secret", present=True)
    await person.metadata("messaging")
    await people.person("secret", present=True)
    await people.person("secret", present=False)
    assert identity.asked == [("identity", True), ("messaging", False)]


async def test_nothing_is_kept_of_a_session_that_is_forgotten(people: People, identity: Identity) -> None:
    person = await people.person("secret", present=True)
    await person.metadata("messaging")
    people.forget("secret")
    identity.refusal = Refusal(Status.UNAUTHENTICATED, "SESSION_ENDED", "over")
    for present in (True, False):
        with pytest.raises(SessionEnded):
            await people.person("secret", present=present)
    with pytest.raises(SessionEnded):
        await person.metadata("messaging")


async def test_that_a_service_has_too_much_to_do_is_no_refusal(
    services: Services, identity: Identity
) -> None:
    """A login page, for one, would say that the password was wrong."""
    identity.refusal = Refusal(Status.RESOURCE_EXHAUSTED, "OVERLOADED", "too much to do")
    with pytest.raises(AioRpcError):
        await answered(services.tokens.ExchangeSession(tokens_pb2.ExchangeSessionRequest()))
