"""Channels to other services: token, deadline, retries, keepalive, request id, metrics and traces on all
calls."""

import json
from pathlib import Path

import grpc
from grpc import aio

from chassis.client_interceptors import interceptors
from chassis.client_preparation import Preparation
from chassis.mutual_tls import Certificates, ReloadingChannel
from chassis.rich_status import as_unavailable, is_passing, refusal_of
from chassis.service_tokens import ServiceTokens
from chassis.spans import NO_SPANS
from chassis.telemetry import Telemetry

__all__ = ["AioRpcError", "as_unavailable", "channel", "is_passing", "refusal_of"]

AioRpcError = aio.AioRpcError

# gRPC tries again only what the server has not begun to answer; creating calls carry a request id. A server
# that is ending, or has too much to do, cancels what it has not yet begun: CANCELLED, though nobody gave up.
_AGAIN = (grpc.StatusCode.UNAVAILABLE.name, grpc.StatusCode.CANCELLED.name)
_SERVICE_CONFIG = {
    "loadBalancingConfig": [{"round_robin": {}}],
    "methodConfig": [
        {
            "name": [{}],
            "retryPolicy": {
                "maxAttempts": 4,
                "initialBackoff": "0.05s",
                "maxBackoff": "1s",
                "backoffMultiplier": 3,
                "retryableStatusCodes": _AGAIN,
            },
        }
    ],
    "retryThrottling": {"maxTokens": 20, "tokenRatio": 0.2},
}
_OPTIONS = (
    ("grpc.service_config", json.dumps(_SERVICE_CONFIG)),
    ("grpc.enable_retries", 1),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 1_000),
    ("grpc.max_reconnect_backoff_ms", 3_000),
    # How much a server may send in one frame: in the usual 16 KiB a document costs it twice as much.
    ("grpc.http2.max_frame_size", 1024 * 1024),
    ("grpc.max_receive_message_length", 8 * 1024 * 1024),
    ("grpc.max_metadata_size", 64 * 1024),
)


def channel(
    target: str,
    *,
    tokens: ServiceTokens | None,
    audience: str,
    telemetry: Telemetry | None = None,
    deadline: float = 5.0,
    tls: Path | None = None,
) -> aio.Channel:
    """A channel to `target` (host:port, or dns:///name:port for all addresses of a name).

    Every call carries a token for `audience`, unless there are no `tokens` or the caller sets the metadata
    "authorization" itself, and the request id of the RPC being served. A unary call without a timeout gets
    `deadline` seconds, and never more than the RPC being served has left; a stream gets what the caller says.
    With `tls`, a folder of certificates, both sides prove who they are; without it nothing is encrypted.
    """
    metrics = telemetry.rpc_client if telemetry is not None else None
    spans = telemetry.spans if telemetry is not None else NO_SPANS
    preparation = Preparation(tokens, audience, deadline)
    if tls is None:
        return aio.insecure_channel(
            target, options=_OPTIONS, interceptors=interceptors(preparation, metrics, spans)
        )
    if telemetry is not None:
        telemetry.watch_certificate(Certificates(tls).expires_at)

    def secure(credentials: grpc.ChannelCredentials) -> aio.Channel:
        return aio.secure_channel(
            target, credentials, options=_OPTIONS, interceptors=interceptors(preparation, metrics, spans)
        )

    return ReloadingChannel(tls, secure)
