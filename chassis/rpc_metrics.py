"""The RPC metrics under the names that everybody's dashboards know (those of go-grpc-prometheus)."""

from dataclasses import dataclass
from time import monotonic
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Histogram

_LABELS = ("grpc_type", "grpc_service", "grpc_method")
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


@dataclass(frozen=True, slots=True)
class Method:
    """An RPC method; `kind` is unary, client_stream, server_stream or bidi_stream."""

    kind: str
    service: str
    name: str

    @classmethod
    def of(cls, full_name: str, *, request_streaming: bool, response_streaming: bool) -> "Method":
        """From a full name like `/package.Service/Method`."""
        kind = {
            (False, False): "unary",
            (True, False): "client_stream",
            (False, True): "server_stream",
            (True, True): "bidi_stream",
        }[request_streaming, response_streaming]
        _, service, name = full_name.split("/", 2)
        return cls(kind, service, name)


class RpcMetrics:
    """Started and handled RPCs and their durations, of the server's or the client's side."""

    def __init__(self, side: Literal["server", "client"], registry: CollectorRegistry) -> None:
        self._started = Counter(f"grpc_{side}_started", "RPCs begun.", _LABELS, registry=registry)
        self._handled = Counter(
            f"grpc_{side}_handled", "RPCs ended, by status.", (*_LABELS, "grpc_code"), registry=registry
        )
        self._seconds = Histogram(
            f"grpc_{side}_handling_seconds", "Duration of RPCs.", _LABELS, registry=registry, buckets=_BUCKETS
        )

    def started(self, method: Method) -> float:
        """Count the begin; returns the moment that `handled` wants."""
        self._started.labels(method.kind, method.service, method.name).inc()
        return monotonic()

    def handled(self, method: Method, code: str, started_at: float) -> float:
        """Count the end with the status code's name, such as "NOT_FOUND"; returns the duration in seconds."""
        seconds = monotonic() - started_at
        self._handled.labels(method.kind, method.service, method.name, code).inc()
        self._seconds.labels(method.kind, method.service, method.name).observe(seconds)
        return seconds
