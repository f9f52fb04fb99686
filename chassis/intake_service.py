"""The nameko service of an intake, and how it is started and stopped without nameko's command line."""

import signal
from collections.abc import Sequence

import eventlet
import psycopg.waiting
from eventlet import wsgi
from nameko.containers import ServiceContainer

from chassis import logs
from chassis.event_queue import EventQueue
from chassis.inbox_table import InboxTable, NotStored
from chassis.telemetry import Telemetry
from praxispost.chassis.v1.envelope_pb2 import Envelope

_LOG = logs.get(__name__)
_AT_ONCE = 64
_LOOK_EVERY = 0.1


def intake_service(consumer: str, bindings: Sequence[tuple[str, str]]) -> type:
    """The nameko service that stores the events of one consumer's queue."""

    class Intake:
        name = f"{consumer}_intake"
        store = InboxTable(consumer)

        @EventQueue.decorator(consumer, bindings, expected_exceptions=(NotStored,))
        def receive(self, envelope: Envelope) -> bool:
            return bool(self.store(envelope))

    return Intake


def serve(
    consumer: str,
    bindings: Sequence[tuple[str, str]],
    *,
    amqp_url: str,
    database_url: str,
    telemetry: Telemetry,
) -> None:
    """Run the service, and its metrics and health, until a signal says stop; raises what it died of."""
    _require_green_waits()
    _serve_telemetry(telemetry)
    config = {
        "AMQP_URI": amqp_url,
        "DATABASE_URL": database_url,
        "TELEMETRY": telemetry,
        "max_workers": _AT_ONCE,
    }
    container = ServiceContainer(intake_service(consumer, bindings), config)
    signals = _collect_signals()
    container.start()
    ended = eventlet.spawn(container.wait)
    while not signals and not ended.dead:
        eventlet.sleep(_LOOK_EVERY)
    container.stop()
    ended.wait()


def _require_green_waits() -> None:
    """With its other ways of waiting psycopg stops all green threads during each query."""
    if psycopg.waiting.wait is not psycopg.waiting.wait_selector:
        raise RuntimeError("psycopg was imported before the intake was made green")


def _serve_telemetry(telemetry: Telemetry) -> None:
    listener = eventlet.listen((telemetry.host, telemetry.port))
    telemetry.port = listener.getsockname()[1]
    eventlet.spawn(wsgi.server, listener, telemetry.application, log_output=False)


def _collect_signals() -> list[int]:
    """The signals received from now on; a handler of signals must not touch green threads."""
    received: list[int] = []
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda number, _frame: received.append(number))
    return received
