"""Channels between services: what every call carries, and what a failed one means."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.protobuf.wrappers_pb2 import StringValue
from grpc import aio

from chassis import logs
from chassis.caller import Caller
from chassis.grpc_client import as_unavailable, channel, is_passing, refusal_of
from chassis.grpc_server import GrpcServer, GrpcSettings, caller
from chassis.public_keys import PublicKeys, PublicKeysServicer
from chassis.refusal import Refusal, Status
from chassis.rpc_context import end_at
from chassis.signing import VerifyingKey
from chassis.telemetry import Telemetry
from chassis.tokens import SERVICE_LIFETIME, ServiceTokens, TokenSigner
from praxispost.chassis.v1 import public_keys_pb2_grpc
from praxispost.identity.v1 import tokens_pb2, tokens_pb2_grpc
from tests.integration.chassis.rpc_bench import KEY, SERVICE, Behaviour, Bench, Context, bench, failure

HELLO = StringValue(value="hello")
ACCOUNT = UUID(int=3)
SECRET = "open sesame"
UNAVAILABLE = grpc.StatusCode.UNAVAILABLE


class TokenService(tokens_pb2_grpc.TokenServiceServicer):
    """Issues tokens to one account, and counts."""

    def __init__(self) -> None:
        self.issued = 0
        self.lifetime = SERVICE_LIFETIME

    async def IssueServiceToken(
        self,
        request: tokens_pb2.IssueServiceTokenRequest,
        context: aio.ServicerContext[
            tokens_pb2.IssueServiceTokenRequest, tokens_pb2.IssueServiceTokenResponse
        ],
    ) -> tokens_pb2.IssueServiceTokenResponse:
        if (request.account_id, request.secret) != (str(ACCOUNT), SECRET):
            raise Refusal(Status.UNAUTHENTICATED, "CREDENTIALS_REFUSED", "no")
        self.issued += 1
        now = datetime.now(UTC)
        acting = Caller(ACCOUNT, "admin", None, (), None, now)
        expires_at = Timestamp()
        expires_at.FromDatetime(now + self.lifetime)
        return tokens_pb2.IssueServiceTokenResponse(
            token=TokenSigner(KEY).sign(acting, request.audience, now, self.lifetime), expires_at=expires_at
        )

    async def ExchangeSession(
        self,
        request: tokens_pb2.ExchangeSessionRequest,
        context: aio.ServicerContext[tokens_pb2.ExchangeSessionRequest, tokens_pb2.ExchangeSessionResponse],
    ) -> tokens_pb2.ExchangeSessionResponse:
        raise Refusal(Status.UNAUTHENTICATED, "SESSION_ENDED", "no")


class PublishedKeys:
    async def published(self) -> tuple[VerifyingKey, ...]:
        return (KEY.public,)


class Identity:
    """A small identity: it issues tokens and publishes the keys for them."""

    def __init__(self) -> None:
        self.tokens = TokenService()
        self.server = GrpcServer(
            GrpcSettings(port=0),
            access={
                "/praxispost.identity.v1.TokenService/IssueServiceToken": frozenset({"anonymous"}),
                "/praxispost.chassis.v1.PublicKeysService/ListPublicKeys": frozenset({"anonymous"}),
            },
            verifier=None,
            telemetry=Telemetry("identity", "api", 0),
            error_domain="identity.praxispost",
        )
        self.server.add(tokens_pb2_grpc.add_TokenServiceServicer_to_server, self.tokens)
        keys = PublicKeysServicer(PublishedKeys())
        self.server.add(public_keys_pb2_grpc.add_PublicKeysServiceServicer_to_server, keys)


@pytest.fixture
async def identity() -> AsyncIterator[Identity]:
    identity = Identity()
    running = await identity.server.start()
    yield identity
    await running.stop(None)


@pytest.fixture
async def to_identity(identity: Identity) -> AsyncIterator[aio.Channel]:
    async with channel(f"127.0.0.1:{identity.server.port}", tokens=None, audience="identity") as connected:
        yield connected


def unary_of(connected: aio.Channel) -> "aio.UnaryUnaryMultiCallable[StringValue, StringValue]":
    return connected.unary_unary(f"/{SERVICE}/Unary", StringValue.SerializeToString, StringValue.FromString)


def target(served: Bench) -> str:
    return f"127.0.0.1:{served.server.port}"


class Noting(Behaviour):
    """Notes who called under which request id with how much time."""

    def __init__(self) -> None:
        self.seen: list[tuple[UUID, str, float]] = []

    async def unary(self, request: StringValue, context: Context) -> StringValue:
        self.seen.append((caller().subject_id, logs.current_request_id(), context.time_remaining()))
        return request


async def test_every_kind_of_call_carries_a_token(identity: Identity, to_identity: aio.Channel) -> None:
    telemetry = Telemetry("caller", "api", 0)
    tokens = ServiceTokens(to_identity, ACCOUNT, SECRET)
    letters = [StringValue(value=letter) for letter in "abc"]
    async with (
        bench(keys=PublicKeys.of(to_identity)) as served,
        channel(target(served), tokens=tokens, audience="bench", telemetry=telemetry) as connected,
    ):
        ours = Bench(served.server, served.running, telemetry, connected)
        assert (await ours.unary(HELLO)).value == "you said hello"
        assert (await ours.upload(iter(letters))).value == "a,b,c"
        assert [each.value async for each in ours.download(HELLO)] == list("hello")
        assert [each.value async for each in ours.watch(iter(letters))] == list("abc")
    assert identity.tokens.issued == 1
    labels = {"grpc_service": SERVICE, "grpc_method": "Unary", "grpc_type": "unary", "grpc_code": "OK"}
    assert telemetry.registry.get_sample_value("grpc_client_handled_total", labels) == 1


async def test_a_call_carries_the_request_id_and_no_more_time_than_is_left(to_identity: aio.Channel) -> None:
    behaviour = Noting()
    tokens = ServiceTokens(to_identity, ACCOUNT, SECRET)
    async with (
        bench(behaviour) as served,
        channel(target(served), tokens=tokens, audience="bench") as connected,
    ):
        unary = unary_of(connected)
        with logs.request_id("id-7"):
            await unary(HELLO)
        end_at(asyncio.get_running_loop().time() + 2)
        await unary(HELLO)
        await unary(HELLO, timeout=1)
        end_at(asyncio.get_running_loop().time() - 1)
        await unary(HELLO)
        end_at(None)
    (subject, request_id, left), (_, other_id, second), (_, _, third), (_, _, lived_on) = behaviour.seen
    assert (subject, request_id) == (ACCOUNT, "id-7")
    assert other_id not in {"", "id-7"}
    # gRPC rounds what is left up, by less than a tenth of a second.
    assert left < 5.1
    assert second < 2.1
    assert third < 1.1
    assert lived_on > 2.1


async def test_a_callers_own_token_is_passed_on(to_identity: aio.Channel) -> None:
    behaviour = Noting()
    async with bench(behaviour) as served:
        tokens = ServiceTokens(to_identity, uuid4(), "wrong")
        async with channel(target(served), tokens=tokens, audience="bench") as connected:
            await unary_of(connected)(HELLO, metadata=served.token("account"))
    assert len(behaviour.seen) == 1


async def test_without_a_token_to_send_a_call_is_refused_as_unavailable(to_identity: aio.Channel) -> None:
    tokens = ServiceTokens(to_identity, ACCOUNT, "wrong")
    async with (
        bench() as served,
        channel(target(served), tokens=tokens, audience="bench") as connected,
    ):
        with pytest.raises(Refusal) as raised:
            await unary_of(connected)(HELLO)
    assert raised.value.reason == "DEPENDENCY_UNAVAILABLE"
    assert raised.value.metadata == {"dependency": "identity"}


async def test_a_token_is_renewed_before_it_ends_and_kept_while_identity_is_away(
    identity: Identity, to_identity: aio.Channel
) -> None:
    now = datetime.now(UTC)
    moment = [now]
    tokens = ServiceTokens(to_identity, ACCOUNT, SECRET, clock=lambda: moment[0])
    first, again = await asyncio.gather(tokens.token("bench"), tokens.token("bench"))
    assert first == again
    moment[0] = now + timedelta(seconds=241)
    second = await tokens.token("bench")
    assert identity.tokens.issued == 2
    moment[0] = now + timedelta(seconds=241 + 30)
    identity.tokens.lifetime = timedelta(minutes=10)  # more than may be signed: identity fails
    assert await tokens.token("bench") == second
    moment[0] = now + timedelta(minutes=10)
    with pytest.raises(Refusal, match="DEPENDENCY_UNAVAILABLE"):
        await tokens.token("bench")


async def test_a_token_that_was_not_accepted_is_not_sent_again(
    identity: Identity, to_identity: aio.Channel
) -> None:
    tokens = ServiceTokens(to_identity, ACCOUNT, SECRET)
    async with (
        bench() as served,
        channel(target(served), tokens=tokens, audience="else") as connected,
    ):
        error = await failure(unary_of(connected)(HELLO))
        assert error.code() is grpc.StatusCode.UNAUTHENTICATED
        await failure(unary_of(connected)(HELLO))
    assert identity.tokens.issued == 2


async def test_an_unavailable_server_is_tried_again() -> None:
    class SecondTime(Noting):
        async def unary(self, request: StringValue, context: Context) -> StringValue:
            await super().unary(request, context)
            if len(self.seen) == 1:
                raise Refusal(Status.UNAVAILABLE, "SHUTTING_DOWN", "not now")
            return request

    behaviour = SecondTime()
    async with (
        bench(behaviour) as served,
        channel(target(served), tokens=None, audience="bench") as connected,
    ):
        assert await unary_of(connected)(HELLO, metadata=served.token()) == HELLO
    assert len(behaviour.seen) == 2


async def test_no_server_means_unavailable_within_the_deadline() -> None:
    async with bench() as served:
        nobody = target(served)
    async with channel(nobody, tokens=None, audience="bench", deadline=2) as connected:
        error = await failure(unary_of(connected)(HELLO))
    assert error.code() in {UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED}
    assert is_passing(error)
    assert refusal_of(error) is None
    refusal = as_unavailable(error, "bench")
    assert refusal.status is Status.UNAVAILABLE
    assert refusal.metadata == {"dependency": "bench"}


async def test_a_dependency_that_is_away_makes_the_answer_unavailable() -> None:
    async with bench() as served:
        nobody = target(served)

    class Depending(Behaviour):
        async def unary(self, request: StringValue, context: Context) -> StringValue:
            async with channel(nobody, tokens=None, audience="bench", deadline=1) as connected:
                return await unary_of(connected)(request)

    async with bench(Depending()) as served:
        error = await failure(served.unary(HELLO, metadata=served.token()))
        refused = refusal_of(error)
    assert refused is not None
    assert (error.code(), refused.reason) == (UNAVAILABLE, "DEPENDENCY_UNAVAILABLE")
