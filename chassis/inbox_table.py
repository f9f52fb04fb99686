"""Gives a nameko service the inbox table, to put events in."""

from collections.abc import Callable

import eventlet
from nameko.containers import WorkerContext
from nameko.extensions import DependencyProvider
from sqlalchemy import Engine, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError
from typing_extensions import override

from chassis import logs
from chassis.stopping import Stopping
from chassis.sync_engine import sync_engine
from chassis.tables import INBOX_CHANNEL, TABLES
from praxispost.chassis.v1.envelope_pb2 import Envelope

_LOG = logs.get(__name__)
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 5.0


class NotStored(Exception):
    """The service ends and the event is not in the table; RabbitMQ delivers it again."""


class InboxTable(DependencyProvider):
    """Injects `store(envelope) -> bool`, which returns after the commit: True, or False for a repetition.

    While the table cannot be written it keeps trying, so that a good event is never given back; since
    RabbitMQ hands out only so many unacknowledged events, the service stops consuming meanwhile.
    """

    stopping = Stopping()

    def __init__(self, consumer: str) -> None:
        self._consumer = consumer
        self._engine: Engine | None = None
        self._wake_is_due = False

    @override
    def setup(self) -> None:
        self._engine = sync_engine(self.container.config["DATABASE_URL"], self.container.max_workers + 1)

    @override
    def stop(self) -> None:
        self._connected().dispose()

    @override
    def get_dependency(self, worker_ctx: WorkerContext) -> Callable[[Envelope], bool]:
        return self._store

    def _store(self, envelope: Envelope) -> bool:
        retry_in = _FIRST_PAUSE
        while not self.stopping.requested:
            try:
                return self._insert(envelope)
            except SQLAlchemyError as error:
                _LOG.warning("inbox cannot be written", error=error, retry_in=retry_in)
            self.stopping.wait(retry_in)
            retry_in = min(retry_in * 2, _LONGEST_PAUSE)
        raise NotStored

    def _insert(self, envelope: Envelope) -> bool:
        row = {
            "consumer": self._consumer,
            "event_id": envelope.event_id,
            "type": envelope.type,
            "envelope": envelope.SerializeToString(),
            "tenant_id": envelope.tenant_id,
        }
        statement = insert(TABLES.inbox).values(row).on_conflict_do_nothing()
        with self._connected().begin() as tx:
            new = tx.execute(statement.returning(TABLES.inbox.c.event_id)).first() is not None
        if new:
            self._wake_worker()
        return new

    def _wake_worker(self) -> None:
        """After the commit and in a statement of its own; events that come together share one."""
        if not self._wake_is_due:
            self._wake_is_due = True
            eventlet.spawn_n(self._notify)

    def _notify(self) -> None:
        self._wake_is_due = False
        try:
            with self._connected().begin() as tx:
                tx.execute(select(func.pg_notify(INBOX_CHANNEL, "")))
        except SQLAlchemyError as error:  # the worker looks every second anyway
            _LOG.warning("worker not woken", error=error)

    def _connected(self) -> Engine:
        if self._engine is None:
            raise RuntimeError("the service was not set up")
        return self._engine
