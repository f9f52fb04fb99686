"""The gRPC server over a real connection: who gets in, and what callers are told when something fails."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import grpc
import pytest
from google.protobuf.wrappers_pb2 import StringValue
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from google.rpc.status_pb2 import Status as RpcStatus
from grpc import aio
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_reflection.v1alpha.reflection_pb2 import ServerReflectionRequest, ServerReflectionResponse

from chassis import logs
from chassis.grpc_server import READINESS, GrpcSettings, caller, seconds_left
from chassis.public_keys import PublicKeys
from chassis.refusal import FieldViolation, Refusal, Status, invalid_fields
from chassis.rich_status import DETAILS_KEY, refusal_of
from tests.integration.chassis.rpc_bench import (
    ACCESS,
    DOWNLOAD,
    KEY,
    UNARY,
    Behaviour,
    Bench,
    Context,
    Requests,
    bench,
    failure,
)
from tests.integration.chassis.waiting import eventually
from tests.unit.chassis.signing_material import Publisher

PERSON = "Erika Mustermann"
HELLO = StringValue(value="hello")


async def refusal(bench: Bench, metadata: tuple[tuple[str, str], ...]) -> tuple[str, str]:
    error = await failure(bench.unary(HELLO, metadata=metadata))
    refused = refusal_of(error)
    assert refused is not None
    return error.code().name, refused.reason


async def test_all_four_kinds_of_rpc_are_served() -> None:
    async with bench() as served:
        token = served.token()
        assert (await served.unary(HELLO, metadata=token)).value == "you said hello"
        letters = [StringValue(value=letter) for letter in "abc"]
        assert (await served.upload(iter(letters), metadata=token)).value == "a,b,c"
        assert [each.value async for each in served.download(HELLO, metadata=token)] == list("hello")
        assert [each.value async for each in served.watch(iter(letters), metadata=token)] == list("abc")
        for method in ("Unary", "Upload", "Download", "Watch"):
            assert served.handled(method, "OK") == 1


async def test_without_a_valid_token_nobody_gets_in() -> None:
    async with bench() as served:
        assert await refusal(served, ()) == ("UNAUTHENTICATED", "TOKEN_MISSING")
        assert await refusal(served, (("authorization", "Basic abc"),)) == (
            "UNAUTHENTICATED",
            "TOKEN_MISSING",
        )
        assert await refusal(served, (("authorization", "Bearer abc"),)) == (
            "UNAUTHENTICATED",
            "TOKEN_REFUSED",
        )
        assert await refusal(served, served.token(audience="other")) == ("UNAUTHENTICATED", "TOKEN_REFUSED")
        expired = served.token(lifetime=timedelta(seconds=-31))
        assert await refusal(served, expired) == ("UNAUTHENTICATED", "TOKEN_REFUSED")


async def test_a_role_that_is_not_named_may_not_call() -> None:
    async with bench() as served:
        assert await refusal(served, served.token("operator")) == ("PERMISSION_DENIED", "METHOD_NOT_ALLOWED")
        assert await refusal(served, served.token("anonymous")) == ("PERMISSION_DENIED", "METHOD_NOT_ALLOWED")


async def test_a_method_that_the_table_does_not_know_refuses_everybody() -> None:
    async with bench(access={DOWNLOAD: ACCESS[DOWNLOAD]}) as served:
        for role in ("admin", "account", "operator"):
            assert await refusal(served, served.token(role)) == ("PERMISSION_DENIED", "METHOD_NOT_ALLOWED")
        assert await refusal(served, ()) == ("UNAUTHENTICATED", "TOKEN_MISSING")


async def test_an_anonymous_method_needs_no_token_and_minds_none() -> None:
    seen: list[str] = []

    class Noting(Behaviour):
        async def unary(self, request: StringValue, context: Context) -> StringValue:
            seen.append(caller().role)
            return request

    async with bench(Noting(), access={UNARY: frozenset({"anonymous"})}) as served:
        await served.unary(HELLO)
        await served.unary(HELLO, metadata=(("authorization", "Bearer abc"),))
    assert seen == ["anonymous", "anonymous"]


async def test_without_the_issuers_keys_nobody_gets_in() -> None:
    publisher = Publisher(KEY)
    publisher.away = True
    async with bench(keys=PublicKeys(publisher.fetch)) as served:
        assert await refusal(served, served.token()) == ("UNAVAILABLE", "DEPENDENCY_UNAVAILABLE")


async def test_a_strangers_bytes_are_not_parsed() -> None:
    async with bench() as served:
        raw: aio.UnaryUnaryMultiCallable[bytes, bytes] = served.channel.unary_unary(UNARY)
        malformed = b"\xff\xff\xff"
        assert (await failure(raw(malformed))).code() is grpc.StatusCode.UNAUTHENTICATED
        error = await failure(raw(malformed, metadata=served.token()))
        refused = refusal_of(error)
        assert refused is not None
        assert (error.code().name, refused.reason) == ("INVALID_ARGUMENT", "MALFORMED_REQUEST")


async def test_a_malformed_part_of_a_stream_is_told() -> None:
    async with bench() as served:
        raw: aio.StreamUnaryMultiCallable[bytes, bytes] = served.channel.stream_unary(
            "/bench.v1.BenchService/Upload"
        )
        error = await failure(raw(iter([b"\xff\xff"]), metadata=served.token()))
        assert error.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_the_servicer_knows_its_caller_its_time_and_the_request_id() -> None:
    seen: list[object] = []

    class Noting(Behaviour):
        async def unary(self, request: StringValue, context: Context) -> StringValue:
            left = seconds_left()
            assert left is not None
            seen.extend((caller().role, 8 < left <= 10, logs.current_request_id()))
            return request

    async with bench(Noting()) as served:
        await served.unary(HELLO, metadata=(*served.token("account"), ("x-request-id", "id-1")))
        await served.unary(HELLO, metadata=(*served.token("account"), ("x-request-id", f"{PERSON} ")))
    assert seen[:3] == ["account", True, "id-1"]
    assert PERSON not in str(seen[5])


async def test_a_refusal_is_rich_on_the_wire() -> None:
    class Refusing(Behaviour):
        async def unary(self, request: StringValue, context: Context) -> StringValue:
            if request.value == "fields":
                raise invalid_fields(FieldViolation("value", "too long"), FieldViolation("id", "no UUID"))
            raise Refusal(
                Status.FAILED_PRECONDITION, "THING_MISSING", "no thing", metadata={"missing": "thing"}
            )

    async with bench(Refusing()) as served:
        error = await failure(served.unary(HELLO, metadata=served.token()))
        assert (error.code(), error.details()) == (grpc.StatusCode.FAILED_PRECONDITION, "no thing")
        (detail,) = status_of(error).details
        info = ErrorInfo()
        assert detail.Unpack(info)
        assert (info.reason, info.domain) == ("THING_MISSING", "bench.praxispost")
        assert dict(info.metadata) == {"missing": "thing"}

        error = await failure(served.unary(StringValue(value="fields"), metadata=served.token()))
        chassis_info, bad_request = ErrorInfo(), BadRequest()
        first, second = status_of(error).details
        assert first.Unpack(chassis_info)
        assert second.Unpack(bad_request)
        assert (chassis_info.reason, chassis_info.domain) == ("INVALID_FIELD", "chassis.praxispost")
        assert [each.field for each in bad_request.field_violations] == ["value", "id"]
        refused = refusal_of(error)
        assert refused is not None
        assert refused.fields == (FieldViolation("value", "too long"), FieldViolation("id", "no UUID"))


def status_of(error: aio.AioRpcError) -> RpcStatus:
    value = error.trailing_metadata()[DETAILS_KEY]
    assert isinstance(value, bytes)
    return RpcStatus.FromString(value)


async def test_an_unexpected_error_tells_only_an_id(capfd: pytest.CaptureFixture[str]) -> None:
    class Failing(Behaviour):
        async def unary(self, request: StringValue, context: Context) -> StringValue:
            raise ValueError(PERSON)

        async def download(self, request: StringValue, context: Context) -> AsyncIterator[StringValue]:
            yield request
            raise ValueError(PERSON)

    class Wrong(Behaviour):
        async def unary(self, request: StringValue, context: Context) -> StringValue:
            raise TimeoutError(PERSON)

    async with bench(Failing()) as served:
        error = await failure(served.unary(HELLO, metadata=served.token()))
        assert error.code() is grpc.StatusCode.INTERNAL
        assert (error.details() or "").startswith("internal error ")
        assert PERSON not in str(error) + str(error.trailing_metadata())
        stream = served.download(HELLO, metadata=served.token())
        assert await stream.read() == HELLO
        error = await failure(stream.read())
        assert error.code() is grpc.StatusCode.INTERNAL
        assert PERSON not in str(error)
        assert served.handled("Unary", "INTERNAL") == 1
    async with bench(Wrong()) as served:
        error = await failure(served.unary(HELLO, metadata=served.token()))
        assert error.code() is grpc.StatusCode.INTERNAL
    assert PERSON not in "".join(capfd.readouterr())


async def test_health_and_reflection_need_no_token() -> None:
    async with bench() as served:
        for name in ("", READINESS):
            answer = await served.health(HealthCheckRequest(service=name))
            assert answer.status == HealthCheckResponse.SERVING
        error = await failure(served.health(HealthCheckRequest(service="unknown")))
        assert error.code() is grpc.StatusCode.NOT_FOUND
        assert served.telemetry.ready
        reflection: aio.StreamStreamMultiCallable[ServerReflectionRequest, ServerReflectionResponse]
        reflection = served.channel.stream_stream(
            "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
            ServerReflectionRequest.SerializeToString,
            ServerReflectionResponse.FromString,
        )
        (listed,) = [each async for each in reflection(iter([ServerReflectionRequest(list_services="")]))]
        names = {service.name for service in listed.list_services_response.service}
        assert {"bench.v1.BenchService", "grpc.health.v1.Health"} <= names


async def test_an_unknown_method_is_unimplemented() -> None:
    async with bench() as served:
        unknown: aio.UnaryUnaryMultiCallable[bytes, bytes] = served.channel.unary_unary(
            "/bench.v1.BenchService/Unknown"
        )
        assert (await failure(unknown(b""))).code() is grpc.StatusCode.UNIMPLEMENTED


async def test_a_request_that_is_too_large_is_refused_and_the_next_is_served() -> None:
    async with bench(settings=GrpcSettings(port=0, max_message_bytes=1000)) as served:
        large = StringValue(value="x" * 1001)
        error = await failure(served.unary(large, metadata=served.token()))
        assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        await served.unary(HELLO, metadata=served.token())


class Hanging(Behaviour):
    """Works until it is let go, and notes when it is cancelled."""

    def __init__(self) -> None:
        self.let_go = asyncio.Event()
        self._started = asyncio.Semaphore(0)
        self._cancelled = asyncio.Semaphore(0)

    async def starts(self, count: int = 1) -> None:
        """Wait until so many more calls have begun."""
        for _ in range(count):
            await asyncio.wait_for(self._started.acquire(), 10)

    async def is_cancelled(self) -> None:
        """Wait until one more call is cancelled."""
        await asyncio.wait_for(self._cancelled.acquire(), 10)

    async def unary(self, request: StringValue, context: Context) -> StringValue:
        await self._hang()
        return request

    async def upload(self, requests: Requests, context: Context) -> StringValue:
        await self._hang()
        return HELLO

    async def watch(self, requests: Requests, context: Context) -> AsyncIterator[StringValue]:
        yield HELLO
        await self._hang()

    async def _hang(self) -> None:
        self._started.release()
        try:
            await self.let_go.wait()
        except asyncio.CancelledError:
            self._cancelled.release()
            raise


async def test_a_call_without_a_deadline_gets_one() -> None:
    behaviour = Hanging()
    settings = GrpcSettings(port=0, deadline=timedelta(milliseconds=50))
    async with bench(behaviour, settings=settings) as served:
        assert await refusal(served, served.token()) == ("DEADLINE_EXCEEDED", "DEADLINE_PASSED")
        await behaviour.is_cancelled()
        assert served.handled("Unary", "DEADLINE_EXCEEDED") == 1


async def test_the_callers_deadline_cancels_the_work() -> None:
    behaviour = Hanging()
    async with bench(behaviour) as served:
        error = await failure(served.unary(HELLO, metadata=served.token(), timeout=0.1))
        assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        await behaviour.is_cancelled()


async def test_a_caller_who_goes_away_cancels_the_work() -> None:
    behaviour = Hanging()
    async with bench(behaviour) as served:
        call = served.unary(HELLO, metadata=served.token())
        await behaviour.starts()
        call.cancel()
        await behaviour.is_cancelled()
    assert served.handled("Unary", "CANCELLED") == 1


async def test_what_is_too_much_at_once_is_refused_at_once() -> None:
    behaviour = Hanging()
    async with bench(behaviour, settings=GrpcSettings(port=0, max_calls=2)) as served:
        calls = [asyncio.ensure_future(served.unary(HELLO, metadata=served.token())) for _ in range(2)]
        await behaviour.starts(2)
        assert await refusal(served, served.token()) == ("RESOURCE_EXHAUSTED", "OVERLOADED")
        await served.health(HealthCheckRequest())
        behaviour.let_go.set()
        await asyncio.gather(*calls)
        await served.unary(HELLO, metadata=served.token())


async def test_long_lived_streams_have_a_limit_of_their_own() -> None:
    behaviour = Hanging()
    async with bench(behaviour, settings=GrpcSettings(port=0, max_calls=1, max_streams=1)) as served:
        stream = served.watch(iter([]), metadata=served.token())
        assert await stream.read() == HELLO
        error = await failure(served.watch(iter([]), metadata=served.token()).read())
        assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        behaviour.let_go.set()
        await served.unary(HELLO, metadata=served.token())


@pytest.mark.parametrize("kind", ["watch", "upload"])
async def test_one_caller_cannot_take_all_streams(kind: str) -> None:
    async def silent() -> AsyncIterator[StringValue]:
        yield HELLO
        await asyncio.Event().wait()

    behaviour = Hanging()
    settings = GrpcSettings(port=0, max_calls=3, max_streams=3, max_streams_per_caller=2)
    async with bench(behaviour, settings=settings) as served:
        own, other = served.token(), served.token()
        begin = served.watch if kind == "watch" else served.upload
        held = [begin(silent(), metadata=own) for _ in range(2)]
        await behaviour.starts(2)
        await begin(silent(), metadata=own).code()

        async def is_refused() -> bool:
            """As the server counts: to a client that is still sending, grpc.aio may show INTERNAL (36066)."""
            return served.handled(kind.capitalize(), "RESOURCE_EXHAUSTED") == 1

        await eventually(is_refused)
        of_another = begin(silent(), metadata=other)
        await behaviour.starts()
        for each in held:
            each.cancel()
        await behaviour.is_cancelled()
        of_another.cancel()


@pytest.mark.parametrize(
    "method", ["grpc.health.v1.Health/Watch", "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"]
)
async def test_strangers_who_hold_streams_open_take_nobodys_place(method: str) -> None:
    settings = GrpcSettings(port=0, max_calls=1, max_streams=1, max_open_streams=1)
    request = HealthCheckRequest() if "Health" in method else ServerReflectionRequest(list_services="")
    async with bench(settings=settings) as served:
        stranger: aio.StreamStreamMultiCallable[bytes, bytes] = served.channel.stream_stream(f"/{method}")
        held = stranger()
        await held.write(request.SerializeToString())
        assert await held.read()
        another = await failure(stranger(iter([request.SerializeToString()])).read())
        assert another.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        letters = served.watch(iter([HELLO]), metadata=served.token())
        assert [each async for each in letters] == [HELLO]
        await served.unary(HELLO, metadata=served.token())
        assert (await served.health(HealthCheckRequest())).status == HealthCheckResponse.SERVING


async def test_a_long_lived_stream_ends_with_its_token() -> None:
    async with bench(Hanging()) as served:
        almost_over = served.token(lifetime=timedelta(seconds=-29))
        stream = served.watch(iter([]), metadata=almost_over)
        assert await stream.read() == HELLO
        error = await failure(stream.read())
        refused = refusal_of(error)
        assert refused is not None
        assert (error.code().name, refused.reason) == ("UNAUTHENTICATED", "TOKEN_REFUSED")


async def test_a_drain_lets_calls_end_and_tells_streams_to() -> None:
    behaviour = Hanging()
    async with bench(behaviour) as served:
        call = asyncio.ensure_future(served.unary(HELLO, metadata=served.token()))
        stream = served.watch(iter([]), metadata=served.token())
        assert await stream.read() == HELLO
        await behaviour.starts(2)

        drained = asyncio.ensure_future(served.server.drain(served.running))
        error = await failure(stream.read())
        refused = refusal_of(error)
        assert refused is not None
        assert (error.code().name, refused.reason) == ("UNAVAILABLE", "SHUTTING_DOWN")
        assert not served.telemetry.ready
        assert not call.done()
        behaviour.let_go.set()
        assert (await call) == HELLO
        await drained


async def test_who_watches_readiness_sees_it_until_the_drain() -> None:
    async with bench() as served:
        watch: aio.UnaryStreamMultiCallable[HealthCheckRequest, HealthCheckResponse]
        watch = served.channel.unary_stream(
            "/grpc.health.v1.Health/Watch",
            HealthCheckRequest.SerializeToString,
            HealthCheckResponse.FromString,
        )
        readiness = watch(HealthCheckRequest(service=READINESS))
        assert (await readiness.read()) == HealthCheckResponse(status="SERVING")
        await served.server.drain(served.running)
        assert (await readiness.read()) == HealthCheckResponse(status="NOT_SERVING")
        assert (await failure(readiness.read())).code() is grpc.StatusCode.UNAVAILABLE


async def test_what_does_not_end_within_the_drain_time_is_ended() -> None:
    behaviour = Hanging()
    settings = GrpcSettings(port=0, drain=timedelta(milliseconds=50))
    async with bench(behaviour, settings=settings) as served:
        call = asyncio.ensure_future(served.unary(HELLO, metadata=served.token()))
        await behaviour.starts()
        await served.server.drain(served.running)
        assert (await failure(call)).code() in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED}
        await behaviour.is_cancelled()


async def test_serving_ends_when_told_to() -> None:
    async with bench() as served:
        await served.running.stop(None)
        stop = asyncio.Event()
        stop.set()
        await served.server.serve(stop)
        assert not served.telemetry.ready
