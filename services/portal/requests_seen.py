"""Counts, logs and traces each request by its route, never by its address, and gives it the id that the
services' logs carry on."""

from time import monotonic
from typing import Final
from uuid import uuid4

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis import logs
from chassis.spans import Attribute, Kind, Span, Spans

_LOG = logs.get(__name__)
# Where a route leaves its path for the count.
ROUTE: Final = "praxispost.route"
_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_OWN_FAULTS: Final = 500
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE"})


class RequestsSeen:
    """Middleware around everything. Streams are counted when they end and not timed."""

    def __init__(self, app: ASGIApp, registry: CollectorRegistry, spans: Spans) -> None:
        self._app = app
        self._spans = spans
        self._handled = Counter(
            "http_requests", "Requests ended.", ("method", "route", "status"), registry=registry
        )
        self._seconds = Histogram(
            "http_request_seconds",
            "From a request's begin to its answer's first byte.",
            ("method", "route"),
            registry=registry,
            buckets=_BUCKETS,
        )
        self._running = Gauge(
            "http_requests_running", "Requests being answered, streams too.", registry=registry
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = monotonic()
        status, seconds = 500, 0.0

        async def sending(message: Message) -> None:
            nonlocal status, seconds
            if message["type"] == "http.response.start":
                status, seconds = message["status"], monotonic() - begun
            await send(message)

        # A trace begins here: what a browser says of one is nobody's that we know.
        tracing = self._spans.around("request", Kind.SERVER, {}, parent="")
        with logs.request_id(uuid4().hex), self._running.track_inprogress(), tracing as span:
            try:
                await self._app(scope, receive, sending)
            finally:
                self._ended(scope, status, seconds, span)

    def _ended(self, scope: Scope, status: int, seconds: float, span: Span) -> None:
        method = scope["method"] if scope["method"] in _METHODS else "other"
        route = _route(scope)
        _say(span, method, route, status)
        self._handled.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)
        _LOG.info(
            "request",
            method=method,
            route=route.replace("{", "[").replace("}", "]"),
            status=status,
            seconds=round(seconds, 4),
        )


def _say(span: Span, method: str, route: str, status: int) -> None:
    span.rename(f"{method} {route}")
    span.note({Attribute.HTTP_METHOD: method, Attribute.HTTP_ROUTE: route, Attribute.HTTP_STATUS: status})
    if status >= _OWN_FAULTS:
        span.fail()


def _route(scope: Scope) -> str:
    return str(scope.get(ROUTE, "none"))
