"""One process' metrics and traces, and the HTTP server that shows the metrics and says whether it is alive
and ready."""

import os
import platform
import threading
from collections.abc import Callable, Iterable
from functools import cached_property
from socketserver import ThreadingMixIn
from typing import TypeAlias
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from wsgiref.types import StartResponse, WSGIEnvironment

from prometheus_client import CollectorRegistry, Gauge, GCCollector, Info, PlatformCollector, ProcessCollector
from prometheus_client.exposition import make_wsgi_app

from chassis.rpc_metrics import RpcMetrics
from chassis.spans import NO_SPANS, Spans, spans_of
from chassis.version import VERSION

Application: TypeAlias = Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]


class Telemetry:
    """The metrics registry of a process and its endpoints /metrics, /livez and /readyz.

    `application` is plain WSGI: `start` serves it from a thread, the eventlet process serves it by itself.
    Port 0 takes a free one; `port` is the real one once started.
    """

    def __init__(self, service: str, kind: str, port: int, host: str = "127.0.0.1") -> None:
        self.registry = CollectorRegistry()
        self.ready = False
        self.host = host
        self.port = port
        self._service = service
        self._kind = kind
        self._server: WSGIServer | None = None
        self._metrics: Application = make_wsgi_app(self.registry)
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        build = Info("praxispost_build", "What runs here.", registry=self.registry)
        build.info(
            {"service": service, "kind": kind, "version": VERSION, "python": platform.python_version()}
        )

    @cached_property
    def rpc_server(self) -> RpcMetrics:
        """The metrics of the RPCs this process answers."""
        return RpcMetrics("server", self.registry)

    @cached_property
    def spans(self) -> Spans:
        """What this process says to traces; made at the first use, which the intake has none of."""
        return spans_of(self._service, self._kind, os.environ)

    @cached_property
    def rpc_client(self) -> RpcMetrics:
        """The metrics of the RPCs this process makes."""
        return RpcMetrics("client", self.registry)

    def watch_certificate(self, expires_at: Callable[[], float]) -> None:
        """Export when the certificate of this process ends; all its connections have the same."""
        self._certificate.set_function(expires_at)

    @cached_property
    def _certificate(self) -> Gauge:
        return Gauge(
            "praxispost_certificate_expiry_timestamp_seconds",
            "When the certificate of this process ends, in seconds since 1970; 0 where it cannot be read.",
            registry=self.registry,
        )

    def show(self, registry: CollectorRegistry) -> None:
        """Show this one at /metrics, instead of the process' own."""
        self._metrics = make_wsgi_app(registry)

    def application(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request for one of the three paths."""
        path = environ.get("PATH_INFO", "")
        if path == "/metrics":
            return self._metrics(environ, start_response)
        if path == "/livez":
            return _answer(start_response, "200 OK")
        if path == "/readyz":
            return _answer(start_response, "200 OK" if self.ready else "503 Service Unavailable")
        return _answer(start_response, "404 Not Found")

    def start(self) -> None:
        """Serve from a thread of its own until `stop`."""
        self._server = make_server(
            self.host, self.port, self.application, server_class=_Server, handler_class=_QuietHandler
        )
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, name="telemetry", daemon=True).start()

    def stop(self) -> None:
        """Send the last spans and stop serving."""
        vars(self).get("spans", NO_SPANS).close()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _QuietHandler(WSGIRequestHandler):
    timeout = 10

    def log_message(self, *_: object) -> None:
        """Write no access log: probes come every few seconds."""


def _answer(start_response: StartResponse, status: str) -> Iterable[bytes]:
    start_response(status, [("Content-Type", "text/plain; charset=utf-8")])
    return [status.encode(), b"\n"]
