"""Publishes what the outbox holds: at least once, and marked only after RabbitMQ's confirm."""

import asyncio
import contextlib
import time
from collections.abc import Collection

from prometheus_client import CollectorRegistry
from sqlalchemy import Connection, Engine, Interval, cast, func, select, text, update
from sqlalchemy.exc import SQLAlchemyError

from chassis import broker, logs
from chassis.bell import Bell
from chassis.bus_metrics import OutboxMetrics
from chassis.confirmed_publisher import ConfirmedPublisher, Fate, Outgoing
from chassis.published_spans import PublishedSpans
from chassis.spans import NO_SPANS, Spans
from chassis.sync_engine import sync_engine
from chassis.tables import OUTBOX_CHANNEL, TABLES
from chassis.wakeups import Wakeups, pause

_LOG = logs.get(__name__)
_OUTBOX = TABLES.outbox
_BATCH = 500
_PROBE = 1  # a broker that is blocked by its memory alarm confirms nothing, but keeps what it was sent
_LOOK_EVERY = 1.0
# A round costs as much as a dozen events: those that come soon after others are published together.
_BETWEEN = 0.025
_MEASURE_EVERY = 5.0
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 5.0
_PASSING_ERRORS: tuple[type[Exception], ...] = (*broker.LOST, SQLAlchemyError)


class Relay:
    """Takes events by claim (SKIP LOCKED), so that several relays share the work.

    An event that no queue wants, or that the broker does not accept, comes again after 0.5, 1, 2, …
    64 s and does not hold up the others: a consumer's queue may not have been declared yet.
    """

    def __init__(
        self,
        *,
        database_url: str,
        amqp_url: str,
        exchange: str,
        registry: CollectorRegistry,
        spans: Spans = NO_SPANS,
    ) -> None:
        self._database_url = database_url
        self._amqp_url = amqp_url
        self._exchange = exchange
        self._metrics = OutboxMetrics(registry)
        self._spans = PublishedSpans(spans)
        self._measured_at = 0.0

    async def run(self, stop: asyncio.Event, wakeups: Wakeups) -> None:
        """Publish in a thread, since kombu blocks, until stopped; for `Worker.serve` with OUTBOX_CHANNEL."""
        with contextlib.closing(Bell()) as bell, wakeups.on(OUTBOX_CHANNEL) as wake:
            engine = sync_engine(self._database_url, 1)
            thread = asyncio.create_task(asyncio.to_thread(self._publish_until_stopped, engine, bell))
            try:
                while not stop.is_set() and not thread.done():
                    await pause(_LOOK_EVERY, stop, wake)
                    bell.ring()
                    await pause(_BETWEEN, stop)
            finally:
                bell.stop()
                await thread
                engine.dispose()

    def _publish_until_stopped(self, engine: Engine, bell: Bell) -> None:
        retry_in = _FIRST_PAUSE
        while not bell.stopped:
            try:
                self._measure_when_due(engine)  # also while the broker is away: that is when it counts
                with broker.connected(self._amqp_url) as connection:
                    publisher = ConfirmedPublisher(connection, self._exchange)
                    _LOG.info("relay connected", exchange=self._exchange)
                    batch = _PROBE
                    while not bell.stopped:
                        self._round(engine, publisher, bell, batch)
                        batch, retry_in = _BATCH, _FIRST_PAUSE
            except _PASSING_ERRORS as error:
                _LOG.warning("relay interrupted", error=error, exchange=self._exchange, retry_in=retry_in)
                bell.wait_for_stop(retry_in)
                retry_in = min(retry_in * 2, _LONGEST_PAUSE)

    def _round(self, engine: Engine, publisher: ConfirmedPublisher, bell: Bell, batch: int) -> None:
        with engine.begin() as tx:
            taken = self._publish_batch(tx, publisher, batch)
        self._measure_when_due(engine)
        publisher.keep_alive()
        if taken < batch:
            bell.wait(_LOOK_EVERY, publisher.fileno())

    def _publish_batch(self, tx: Connection, publisher: ConfirmedPublisher, batch: int) -> int:
        """The rows stay locked until the broker has spoken; if either side dies, they come again."""
        rows = tx.execute(_CLAIM.limit(batch)).all()
        headers = self._spans.begin(rows)
        fates = publisher.publish(
            Outgoing(row.event_id, row.type, row.envelope, headers.get(row.event_id, {})) for row in rows
        )
        self._spans.end(fates)
        confirmed = [row.id for row in rows if fates[row.event_id] is Fate.CONFIRMED]
        others = [row.id for row in rows if fates[row.event_id] is not Fate.CONFIRMED]
        if confirmed:
            tx.execute(update(_OUTBOX).where(_OUTBOX.c.id.in_(confirmed)).values(published_at=func.now()))
        if others:
            _LOG.warning("events not taken by any queue", count=len(others), exchange=self._exchange)
            tx.execute(update(_OUTBOX).where(_OUTBOX.c.id.in_(others)).values(_LATER))
        self._count(fates.values())
        return len(rows)

    def _count(self, fates: Collection[Fate]) -> None:
        for fate in Fate:
            self._metrics.published.labels(fate.value).inc(sum(each is fate for each in fates))

    def _measure_when_due(self, engine: Engine) -> None:
        if time.monotonic() - self._measured_at < _MEASURE_EVERY:
            return
        with engine.begin() as tx:
            counted = tx.execute(_COUNTS).one()
        self._metrics.pending.set(counted.pending)
        self._metrics.oldest_age.set(counted.age)
        self._measured_at = time.monotonic()


_PENDING = _OUTBOX.c.published_at.is_(None)
_CLAIM = (
    select(_OUTBOX.c.id, _OUTBOX.c.event_id, _OUTBOX.c.type, _OUTBOX.c.envelope)
    .where(_PENDING, _OUTBOX.c.next_try <= func.now())
    .order_by(_OUTBOX.c.id)
    .with_for_update(skip_locked=True)
)
_LATER = {
    "attempts": _OUTBOX.c.attempts + 1,
    "next_try": func.now()
    + func.power(2, func.least(_OUTBOX.c.attempts, 7)) * cast(text("'0.5 seconds'"), Interval),
}
_COUNTS = select(
    func.count().label("pending"),
    func.coalesce(func.extract("epoch", func.now() - func.min(_OUTBOX.c.recorded_at)), 0).label("age"),
).where(_PENDING)
