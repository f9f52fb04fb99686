"""The RPC metrics under the names that everybody's dashboards know (those of go-grpc-prometheus)."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from time import monotonic
from typing import Literal

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

_LABELS = ("grpc_type", "grpc_service", "grpc_method")
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_BUCKET_NAMES = (*(str(each) for each in _BUCKETS), "+Inf")


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


@dataclass(slots=True)
class _Series:
    """What was counted of one method; `buckets` are not added up."""

    started: int = 0
    handled: Counter[str] = field(default_factory=Counter)
    buckets: list[int] = field(default_factory=lambda: [0] * len(_BUCKET_NAMES))
    seconds: float = 0.0


class RpcMetrics(Collector):
    """Started and handled RPCs and their durations, of the server's or the client's side.

    For one event loop: it counts without a lock. The library's own counters, found by their labels, take
    longer than most of what is done for a short call.
    """

    def __init__(self, side: Literal["server", "client"], registry: CollectorRegistry) -> None:
        self._prefix = f"grpc_{side}"
        self._series: dict[Method, _Series] = {}
        registry.register(self)

    def started(self, method: Method) -> float:
        """Count the begin; returns the moment that `handled` wants."""
        series = self._series.get(method)
        if series is None:
            series = self._series[method] = _Series()
        series.started += 1
        return monotonic()

    def handled(self, method: Method, code: str, started_at: float) -> float:
        """Count the end with the status code's name, such as "NOT_FOUND"; returns the duration in seconds."""
        seconds = monotonic() - started_at
        series = self._series[method]
        series.handled[code] += 1
        series.buckets[bisect_left(_BUCKETS, seconds)] += 1
        series.seconds += seconds
        return seconds

    def collect(self) -> Iterator[Metric]:
        """What was counted so far; called by the registry, from another thread."""
        started = CounterMetricFamily(f"{self._prefix}_started", "RPCs begun.", labels=_LABELS)
        handled = CounterMetricFamily(
            f"{self._prefix}_handled", "RPCs ended, by status.", labels=(*_LABELS, "grpc_code")
        )
        seconds = HistogramMetricFamily(
            f"{self._prefix}_handling_seconds", "Duration of RPCs.", labels=_LABELS
        )
        for method, series in tuple(self._series.items()):
            labels = (method.kind, method.service, method.name)
            started.add_metric(labels, series.started)
            for code, count in tuple(series.handled.items()):
                handled.add_metric((*labels, code), count)
            added_up = zip(_BUCKET_NAMES, accumulate(series.buckets), strict=True)
            seconds.add_metric(labels, [(name, float(count)) for name, count in added_up], series.seconds)
        yield from (started, handled, seconds)
