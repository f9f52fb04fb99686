"""nameko's entry point for the events of one queue, made so that none is ever lost.

nameko's own consumer acknowledges what failed or could not be decoded, drops acknowledgements when it
stops, does not notice a frozen broker, and hangs on stopping while the broker is away.
"""

import contextlib
import time
from collections.abc import Sequence
from functools import partial
from types import TracebackType
from typing import TypeAlias

from eventlet.event import Event
from eventlet.semaphore import Semaphore
from kombu import Connection, Consumer, Message
from nameko.containers import WorkerContext
from nameko.extensions import Entrypoint
from typing_extensions import override

from chassis import broker, logs
from chassis.bus_metrics import IntakeMetrics
from chassis.events import EnvelopeMalformed, unwrap
from chassis.stopping import Stopping
from chassis.telemetry import Telemetry
from chassis.trace_context import TRACEPARENT

ExcInfo: TypeAlias = tuple[type[BaseException], BaseException, TracebackType]

_LOG = logs.get(__name__)
_PAUSE = 1.0
_TURN = 0.5
_GRACE = 10.0


class EventQueue(Entrypoint):
    """Calls the method with each `Envelope`, at most `max_workers` at a time.

    Acknowledged once the method has returned, which says whether the event was new. What is no
    envelope is rejected, which takes it to the dead-letter queue.
    """

    stopping = Stopping()

    def __init__(
        self,
        consumer: str,
        bindings: Sequence[tuple[str, str]],
        expected_exceptions: tuple[type[Exception], ...] = (),
    ) -> None:
        super().__init__(expected_exceptions=expected_exceptions)
        self._consumer = consumer
        self._bindings = bindings
        self._in_hand: set[Message] = set()
        self._writing = Semaphore()
        self._ended = Event()
        self._telemetry: Telemetry
        self._metrics: IntakeMetrics

    @override
    def setup(self) -> None:
        self._telemetry = self.container.config["TELEMETRY"]
        self._metrics = IntakeMetrics(self._telemetry.registry)

    @override
    def start(self) -> None:
        self.container.spawn_managed_thread(self._run, identifier=f"queue {self._consumer}")

    @override
    def stop(self) -> None:
        self.stopping.request()
        self._ended.wait()

    @override
    def kill(self) -> None:
        self.stopping.request()

    def _run(self) -> None:
        try:
            while not self.stopping.requested:
                self._consume_until_lost()
                while self._in_hand and not self.stopping.requested:  # else there could be twice as many
                    self.stopping.wait(_PAUSE)
        finally:
            self._ended.send(None)

    def _consume_until_lost(self) -> None:
        try:
            with broker.connected(self.container.config["AMQP_URI"]) as connection:
                self._consume(connection)
        except broker.LOST as error:
            _LOG.warning("connection to the broker lost", error=error, queue=self._consumer, retry_in=_PAUSE)
            self.stopping.wait(_PAUSE)
        finally:
            self._telemetry.ready = False

    def _consume(self, connection: Connection) -> None:
        channel = connection.channel()
        queue = broker.declare_queue(channel, self._consumer, self._bindings)
        at_once = self.container.max_workers
        consumer = Consumer(
            channel, [queue], auto_declare=False, on_message=self._on_message, prefetch_count=at_once
        )
        consumer.consume()
        self._telemetry.ready = True
        _LOG.info("consuming", queue=self._consumer)
        while not self.stopping.requested:
            self._turn(connection)
        self._telemetry.ready = False
        consumer.cancel()
        deadline = time.monotonic() + _GRACE
        while self._in_hand and time.monotonic() < deadline:
            self._turn(connection)

    def _turn(self, connection: Connection) -> None:
        with contextlib.suppress(TimeoutError):
            connection.drain_events(timeout=_TURN)
        with self._writing:
            connection.heartbeat_check()

    def _on_message(self, message: Message) -> None:
        try:
            envelope = unwrap(message.body, message.headers.get(TRACEPARENT))
        except EnvelopeMalformed as error:
            _LOG.error("rejected what is no envelope", error=error, queue=self._consumer)
            self._metrics.received.labels("rejected").inc()
            with self._writing:
                message.reject()
            return
        self._in_hand.add(message)
        handled = partial(self._handled, message)
        self.container.spawn_worker(self, (envelope,), {}, context_data={}, handle_result=handled)

    def _handled(
        self, message: Message, _worker: WorkerContext, result: object, exc_info: ExcInfo | None
    ) -> tuple[object, ExcInfo | None]:
        """Runs in the worker's green thread, before nameko counts the worker as done."""
        try:
            if exc_info is None:
                with self._writing:
                    message.ack()
                self._metrics.received.labels("stored" if result else "repeated").inc()
            elif not self.stopping.requested:
                self._give_back(message)
        except broker.LOST as error:
            _LOG.warning("acknowledgement lost, the event will come again", error=error, queue=self._consumer)
        finally:
            self._in_hand.discard(message)
        return result, exc_info

    def _give_back(self, message: Message) -> None:
        """Something unforeseen; the broker counts how often and parks the event in the end."""
        _LOG.error("event given back", queue=self._consumer, retry_in=_PAUSE)
        self.stopping.wait(_PAUSE)
        with self._writing:
            message.reject(requeue=True)
