"""A server with one small service of all four kinds of RPC, whose behaviour each test gives."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias
from uuid import uuid4

import grpc
from google.protobuf.wrappers_pb2 import StringValue
from grpc import aio
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse

from chassis.caller import Caller
from chassis.grpc_server import GrpcServer, GrpcSettings
from chassis.public_keys import PublicKeys
from chassis.telemetry import Telemetry
from chassis.tokens import PERSON_LIFETIME, TokenSigner, TokenVerifier
from tests.unit.chassis.signing_material import Publisher, signing_key

SERVICE = "bench.v1.BenchService"
UNARY, UPLOAD, DOWNLOAD, WATCH = (f"/{SERVICE}/{name}" for name in ("Unary", "Upload", "Download", "Watch"))
ROLES = frozenset({"admin", "account"})
ACCESS: Mapping[str, frozenset[str]] = dict.fromkeys((UNARY, UPLOAD, DOWNLOAD, WATCH), ROLES)
KEY = signing_key("bench")
SETTINGS = GrpcSettings(port=0)

Context: TypeAlias = "aio.ServicerContext[StringValue, StringValue]"
Requests: TypeAlias = AsyncIterator[StringValue]
Metadata: TypeAlias = tuple[tuple[str, str], ...]


class Behaviour:
    """What the service does; tests replace single methods."""

    async def unary(self, request: StringValue, context: Context) -> StringValue:
        return StringValue(value=f"you said {request.value}")

    async def upload(self, requests: Requests, context: Context) -> StringValue:
        return StringValue(value=",".join([request.value async for request in requests]))

    async def download(self, request: StringValue, context: Context) -> AsyncIterator[StringValue]:
        for letter in request.value:
            yield StringValue(value=letter)

    async def watch(self, requests: Requests, context: Context) -> AsyncIterator[StringValue]:
        async for request in requests:
            yield request


def add_behaviour(behaviour: Any, server: aio.Server) -> None:
    coding: Any = {
        "request_deserializer": StringValue.FromString,
        "response_serializer": StringValue.SerializeToString,
    }
    handlers: dict[str, grpc.RpcMethodHandler[Any, Any]] = {
        "Unary": grpc.unary_unary_rpc_method_handler(behaviour.unary, **coding),
        "Upload": grpc.stream_unary_rpc_method_handler(behaviour.upload, **coding),
        "Download": grpc.unary_stream_rpc_method_handler(behaviour.download, **coding),
        "Watch": grpc.stream_stream_rpc_method_handler(behaviour.watch, **coding),
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))


class Bench:
    """The running server, a channel to it, and tokens for it."""

    def __init__(
        self, server: GrpcServer, running: aio.Server, telemetry: Telemetry, channel: aio.Channel
    ) -> None:
        self.server = server
        self.running = running
        self.telemetry = telemetry
        self.channel = channel
        self.publisher = PUBLISHER
        self.signer = TokenSigner(KEY)

    def token(
        self, role: str = "admin", audience: str = "bench", lifetime: timedelta = PERSON_LIFETIME
    ) -> Metadata:
        now = datetime.now(UTC)
        caller = Caller(uuid4(), role, uuid4(), (), uuid4(), now + lifetime)
        return (("authorization", f"Bearer {self.signer.sign(caller, audience, now, lifetime)}"),)

    @property
    def unary(self) -> "aio.UnaryUnaryMultiCallable[StringValue, StringValue]":
        return self.channel.unary_unary(UNARY, StringValue.SerializeToString, StringValue.FromString)

    @property
    def upload(self) -> "aio.StreamUnaryMultiCallable[StringValue, StringValue]":
        return self.channel.stream_unary(UPLOAD, StringValue.SerializeToString, StringValue.FromString)

    @property
    def download(self) -> "aio.UnaryStreamMultiCallable[StringValue, StringValue]":
        return self.channel.unary_stream(DOWNLOAD, StringValue.SerializeToString, StringValue.FromString)

    @property
    def watch(self) -> "aio.StreamStreamMultiCallable[StringValue, StringValue]":
        return self.channel.stream_stream(WATCH, StringValue.SerializeToString, StringValue.FromString)

    @property
    def health(self) -> "aio.UnaryUnaryMultiCallable[HealthCheckRequest, HealthCheckResponse]":
        return self.channel.unary_unary(
            "/grpc.health.v1.Health/Check",
            HealthCheckRequest.SerializeToString,
            HealthCheckResponse.FromString,
        )

    def handled(self, method: str, code: str) -> float:
        """How many calls of the method ended with the code, as the metrics count."""
        kinds = {
            "Unary": "unary",
            "Upload": "client_stream",
            "Download": "server_stream",
            "Watch": "bidi_stream",
        }
        labels = {
            "grpc_method": method,
            "grpc_service": SERVICE,
            "grpc_type": kinds[method],
            "grpc_code": code,
        }
        return self.telemetry.registry.get_sample_value("grpc_server_handled_total", labels) or 0.0


PUBLISHER = Publisher(KEY)


@contextlib.asynccontextmanager
async def bench(
    behaviour: Behaviour | None = None,
    *,
    settings: GrpcSettings = SETTINGS,
    access: Mapping[str, frozenset[str]] = ACCESS,
    keys: PublicKeys | None = None,
    long_lived: frozenset[str] = frozenset({WATCH}),
) -> AsyncIterator[Bench]:
    telemetry = Telemetry("bench", "api", 0)
    verifier = TokenVerifier("bench", keys or PublicKeys(PUBLISHER.fetch), lambda: datetime.now(UTC))
    server = GrpcServer(
        settings,
        access=access,
        verifier=verifier,
        telemetry=telemetry,
        error_domain="bench.praxispost",
        long_lived=long_lived,
    )
    server.add(add_behaviour, behaviour or Behaviour())
    running = await server.start()
    async with aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        yield Bench(server, running, telemetry, channel)
    await running.stop(None)


async def failure(call: Awaitable[object]) -> aio.AioRpcError:
    """The error that the call ends with."""
    try:
        await call
    except aio.AioRpcError as error:
        return error
    raise AssertionError("the call did not fail")
