"""Gives a nameko service the inbox table, to put events in."""

from collections.abc import Callable, Sequence
from uuid import UUID

import eventlet
from eventlet.event import Event
from nameko.containers import WorkerContext
from nameko.extensions import DependencyProvider
from sqlalchemy import Engine, LargeBinary, Text, Uuid, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError
from typing_extensions import override

from chassis import logs
from chassis.arrays import rows_of
from chassis.stopping import Stopping
from chassis.sync_engine import sync_engine
from chassis.tables import INBOX_CHANNEL, TABLES
from praxispost.chassis.v1.envelope_pb2 import Envelope

_LOG = logs.get(__name__)
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 5.0
_TOGETHER = 100
# One to insert, one to wake the worker.
_CONNECTIONS = 2


# Errors that one row may have made for all of them.
_ABOUT_A_ROW = (DataError, IntegrityError)


class NotStored(Exception):
    """The service ends and the event is not in the table; RabbitMQ delivers it again."""


class _Waiting:
    """An event that is to be inserted, and who waits to hear whether it was new."""

    def __init__(self, envelope: Envelope) -> None:
        self.envelope = envelope
        self.is_new = Event()


class InboxTable(DependencyProvider):
    """Injects `store(envelope) -> bool`, which returns after the commit: True, or False for a repetition.

    Events that come at the same time are inserted in one transaction; where that fails, each alone.

    While the table cannot be written it keeps trying, so that a good event is never given back; since
    RabbitMQ hands out only so many unacknowledged events, the service stops consuming meanwhile.
    """

    stopping = Stopping()

    def __init__(self, consumer: str) -> None:
        self._consumer = consumer
        self._engine: Engine | None = None
        self._wake_is_due = False
        self._waiting: list[_Waiting] = []
        self._inserting = False

    @override
    def setup(self) -> None:
        self._engine = sync_engine(self.container.config["DATABASE_URL"], _CONNECTIONS)

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
                return self._gather(envelope)
            except SQLAlchemyError as error:
                _LOG.warning("inbox cannot be written", error=error, retry_in=retry_in)
            self.stopping.wait(retry_in)
            retry_in = min(retry_in * 2, _LONGEST_PAUSE)
        raise NotStored

    def _gather(self, envelope: Envelope) -> bool:
        """Insert the event together with those that come while others are being inserted."""
        waiting = _Waiting(envelope)
        self._waiting.append(waiting)
        if not self._inserting:
            self._inserting = True
            eventlet.spawn_n(self._insert_waiting)
        return bool(waiting.is_new.wait())

    def _insert_waiting(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:_TOGETHER], self._waiting[_TOGETHER:]
            try:
                self._insert(batch)
            except _ABOUT_A_ROW:
                for each in batch:
                    self._insert_alone(each)
            except Exception as error:
                _tell(batch, error)
        self._inserting = False

    def _insert_alone(self, one: "_Waiting") -> None:
        try:
            self._insert([one])
        except Exception as error:
            _tell([one], error)

    def _insert(self, batch: Sequence["_Waiting"]) -> None:
        """Insert all or none, and tell those who wait."""
        new = self._insert_rows([each.envelope for each in batch])
        if new:
            self._wake_worker()
        for each in batch:
            event_id = UUID(each.envelope.event_id)
            each.is_new.send(event_id in new)
            new.discard(event_id)  # the same event once more is a repetition

    def _insert_rows(self, envelopes: Sequence[Envelope]) -> set[UUID]:
        """Returns the ids of those that were not there."""
        rows = rows_of(
            consumer=(Text(), [self._consumer] * len(envelopes)),
            event_id=(Uuid(), [UUID(each.event_id) for each in envelopes]),
            type=(Text(), [each.type for each in envelopes]),
            envelope=(LargeBinary(), [each.SerializeToString() for each in envelopes]),
            tenant_id=(Uuid(), [UUID(each.tenant_id) for each in envelopes]),
        )
        adding = insert(TABLES.inbox).from_select([each.name for each in rows.c], select(*rows.c))
        inserting = adding.on_conflict_do_nothing().returning(TABLES.inbox.c.event_id)
        with self._connected().begin() as tx:
            return set(tx.execute(inserting).scalars())

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


def _tell(batch: Sequence[_Waiting], error: Exception) -> None:
    """It is for those who wait to say what follows."""
    for each in batch:
        each.is_new.send_exception(error)
