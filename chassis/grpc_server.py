"""The gRPC server of a service: servicers behind access, limits, deadlines, health, reflection, drain."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TypeVar, cast

import grpc
from grpc import aio
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection, reflection_pb2_grpc

from chassis import logs
from chassis.access import Access
from chassis.admission import Admission, Shares
from chassis.call_endings import CallEndings
from chassis.call_handlers import GuardingInterceptor, Handler
from chassis.caller import ANONYMOUS
from chassis.mutual_tls import Certificates, server_credentials
from chassis.rpc_context import caller, seconds_left
from chassis.rpc_metrics import Method
from chassis.served_call import CallRunner, ServedMethod
from chassis.telemetry import Telemetry
from chassis.tokens import TokenVerifier

__all__ = ["READINESS", "GrpcServer", "GrpcSettings", "caller", "seconds_left"]

_LOG = logs.get(__name__)
READINESS = "readiness"
_LIVENESS = ""
_HEALTH = f"/{health.SERVICE_NAME}/"
_HEALTH_WATCH = f"{_HEALTH}Watch"
_REFLECTION = f"/{reflection.SERVICE_NAME}/ServerReflectionInfo"
# Whoever holds these open needs no token, so they must not take the places of those who have one.
_OPEN_STREAMS = frozenset({_HEALTH_WATCH, _REFLECTION})
_ANYBODY = frozenset({ANONYMOUS})
_OWN_ACCESS = {
    f"{_HEALTH}Check": _ANYBODY,
    _HEALTH_WATCH: _ANYBODY,
    _REFLECTION: _ANYBODY,
}

S = TypeVar("S")


@dataclass(frozen=True)
class GrpcSettings:
    """Where to listen, and how much at once. Port 0 takes a free one.

    With `tls`, a folder of certificates, both sides prove who they are; without it nothing is encrypted. All
    limits are of one process; `shared_port` is set where `chassis.api_processes` has started several.
    """

    port: int
    host: str = "127.0.0.1"
    tls: Path | None = None
    deadline: timedelta = timedelta(seconds=10)
    stream_deadline: timedelta = timedelta(minutes=10)
    max_calls: int = 256
    max_streams: int = 1000
    max_open_streams: int = 64
    max_streams_per_caller: int = 32
    max_message_bytes: int = 1024 * 1024
    max_connection_age: timedelta = timedelta(minutes=10)
    drain: timedelta = timedelta(seconds=20)
    shared_port: bool = False


class GrpcServer:
    """Serves servicers to those whom `access` (full method → roles) names, until told to stop.

    Calls without a deadline get `settings.deadline`, streams `settings.stream_deadline`; the methods in
    `long_lived` have none: they end with the caller's token or the server, and are counted apart.
    """

    def __init__(
        self,
        settings: GrpcSettings,
        *,
        access: Mapping[str, frozenset[str]],
        verifier: TokenVerifier | None,
        telemetry: Telemetry,
        error_domain: str,
        long_lived: frozenset[str] = frozenset(),
    ) -> None:
        self.port = settings.port
        self._settings = settings
        self._telemetry = telemetry
        self._long_lived = long_lived | {_HEALTH_WATCH}
        self._services = {method.split("/")[1] for method in access}
        self._endings = CallEndings()
        self._runner = CallRunner(
            access=Access({**access, **_OWN_ACCESS}, verifier),
            metrics=telemetry.rpc_server,
            spans=telemetry.spans,
            endings=self._endings,
            calls=Admission(settings.max_calls),
            streams=Admission(settings.max_streams),
            open_streams=Admission(settings.max_open_streams),
            shares=Shares(settings.max_streams_per_caller),
            error_domain=error_domain,
        )
        self._health = health.aio.HealthServicer()
        self._adders: list[Callable[[aio.Server], None]] = []

    def add(self, add_servicer_to_server: Callable[[S, aio.Server], None], servicer: S) -> None:
        """Serve this servicer, too; the first argument is the generated `add_…Servicer_to_server`."""
        self._adders.append(lambda server: add_servicer_to_server(servicer, server))

    async def serve(self, stop: asyncio.Event) -> None:
        """Serve until `stop`, then drain: long-lived streams end now, the rest within the drain time."""
        server = await self.start()
        await stop.wait()
        await self.drain(server)

    async def start(self) -> aio.Server:
        """Begin to serve; `port` is the real one from here on."""
        server = aio.server(
            interceptors=[GuardingInterceptor(self._runner, self._describe)], options=_options(self._settings)
        )
        unregistered = cast("aio.Server", _Unregistered(server))
        for add in self._adders:
            add(unregistered)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, unregistered)
        names = {health.SERVICE_NAME, reflection.SERVICE_NAME, *self._services}
        reflecting = reflection.aio.ReflectionServicer(sorted(names))
        # Generated without types.
        reflection_pb2_grpc.add_ServerReflectionServicer_to_server(reflecting, unregistered)  # type: ignore[no-untyped-call]
        self.port = self._listen(server, f"{self._settings.host}:{self._settings.port}")
        await server.start()
        await self._health.set(_LIVENESS, health_pb2.HealthCheckResponse.SERVING)
        await self._health.set(READINESS, health_pb2.HealthCheckResponse.SERVING)
        self._telemetry.ready = True
        _LOG.info("serving", host=self._settings.host, port=self.port)
        return server

    def _listen(self, server: aio.Server, address: str) -> int:
        if self._settings.tls is None:
            return server.add_insecure_port(address)
        self._telemetry.watch_certificate(Certificates(self._settings.tls).expires_at)
        return server.add_secure_port(address, server_credentials(self._settings.tls))

    async def drain(self, server: aio.Server) -> None:
        """Take no more calls and let those in progress end, within the drain time."""
        self._telemetry.ready = False
        await self._health.set(READINESS, health_pb2.HealthCheckResponse.NOT_SERVING)
        self._endings.drain()
        await server.stop(self._settings.drain.total_seconds())
        _LOG.info("drained")

    def _describe(self, method: str, handler: Handler) -> ServedMethod:
        streaming = handler.request_streaming or handler.response_streaming
        limit = self._settings.stream_deadline if streaming else self._settings.deadline
        return ServedMethod(
            full_name=method,
            method=Method.of(
                method,
                request_streaming=handler.request_streaming,
                response_streaming=handler.response_streaming,
            ),
            seconds=None if method in self._long_lived else limit.total_seconds(),
            is_health=method.startswith(_HEALTH),
            is_stream=streaming,
            is_open_stream=method in _OPEN_STREAMS,
        )


class _Unregistered:
    """A server as generated code sees it, which takes handlers but no names of methods.

    grpc.aio waits, at every call, for the next one of each registered method: the more there are, the longer.
    """

    def __init__(self, server: aio.Server) -> None:
        self._server = server

    def add_generic_rpc_handlers(self, handlers: Sequence[grpc.GenericRpcHandler]) -> None:
        self._server.add_generic_rpc_handlers(handlers)

    def add_registered_method_handlers(self, service: str, handlers: Mapping[str, Handler]) -> None:
        """The generic handlers serve these methods, too."""


def _options(settings: GrpcSettings) -> list[tuple[str, int]]:
    age = int(settings.max_connection_age.total_seconds() * 1000)
    return [
        ("grpc.so_reuseport", int(settings.shared_port)),
        ("grpc.max_receive_message_length", settings.max_message_bytes),
        ("grpc.max_send_message_length", 8 * settings.max_message_bytes),
        ("grpc.max_metadata_size", 64 * 1024),
        ("grpc.max_concurrent_streams", 1000),
        # How many calls may wait for the event loop to look at them: from the first number on, ever more of
        # what comes is cancelled at once. Left to itself gRPC lets a thousand wait and refuses nobody.
        ("grpc.server.max_pending_requests", 256),
        ("grpc.server.max_pending_requests_hard_limit", 1024),
        # What a client may send ahead of a servicer that is slower. Left to itself the window grows to many
        # MiB for each stream, all of it held in memory.
        ("grpc.http2.bdp_probe", 0),
        ("grpc.http2.lookahead_bytes", 512 * 1024),
        ("grpc.max_connection_age_ms", age),
        ("grpc.max_connection_age_grace_ms", age),
        ("grpc.keepalive_time_ms", 30_000),
        ("grpc.keepalive_timeout_ms", 10_000),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
        ("grpc.http2.min_recv_ping_interval_without_data_ms", 10_000),
    ]
