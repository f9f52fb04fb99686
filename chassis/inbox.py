"""Works off the events that arrived: each has its effect exactly once, however often it came."""

import asyncio
import contextlib
import json
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any, TypeAlias
from uuid import UUID

from prometheus_client import CollectorRegistry
from sqlalchemy import Row, and_, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import logs
from chassis.bus_metrics import InboxMetrics
from chassis.database import Database, limit_to_tenants
from chassis.tables import INBOX_CHANNEL, TABLES
from chassis.tracebacks import describe
from chassis.wakeups import Wake, Wakeups, pause
from praxispost.chassis.v1.envelope_pb2 import Envelope

Handler: TypeAlias = Callable[[AsyncConnection, Envelope], Awaitable[None]]

TRIES = 5
KEPT = timedelta(days=14)

_LOG = logs.get(__name__)
_INBOX = TABLES.inbox
_LOOK_EVERY = 1.0
_MEASURE_EVERY = 5.0
_HANDLER_TIME = 30.0


class UnknownEvent(Exception):
    """No handler for this type of event: perhaps a newer version has one."""


class Inbox:
    """Hands each event to its type's handler.

    The effect and the done-mark are one transaction, limited to the event's tenant.

    A handler that raises, or takes more than 30 s, is undone and tried again after 1, 4, 16 and 64
    times `first_pause`, give or take a quarter; after five tries the event is dead until somebody
    drives it again (`chassis.dead_letters`).
    """

    def __init__(
        self,
        database: Database,
        *,
        consumer: str,
        handlers: Mapping[str, Handler],
        registry: CollectorRegistry,
        parallel: int = 4,
        first_pause: timedelta = timedelta(seconds=2),
    ) -> None:
        self._database = database
        self._consumer = consumer
        self._handlers = handlers
        self._metrics = InboxMetrics(registry)
        self._parallel = parallel
        self._first_pause = first_pause
        self._claiming = asyncio.Lock()

    async def run(self, stop: asyncio.Event, wakeups: Wakeups) -> None:
        """Handle events, `parallel` at a time, until stopped; for `Worker.serve` with INBOX_CHANNEL."""
        with wakeups.on(INBOX_CHANNEL) as wake:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._measure(stop))
                for _ in range(self._parallel):
                    tasks.create_task(self._lane(stop, wake))

    async def prune(self) -> int:
        """Forget events that were done more than two weeks ago; says how many."""
        old = and_(_INBOX.c.state == "done", _INBOX.c.done_at < func.now() - KEPT)
        async with self._database.transaction() as tx:
            return (await tx.execute(delete(_INBOX).where(old))).rowcount

    async def _lane(self, stop: asyncio.Event, wake: Wake) -> None:
        """One lane at a time looks for an event or waits for one; the others handle theirs or queue up."""
        while not stop.is_set():
            await self._claiming.acquire()
            with contextlib.ExitStack() as turn:
                turn.callback(self._claiming.release)
                if not stop.is_set() and not await self._work_off_one(turn):
                    await pause(_LOOK_EVERY, stop, wake)

    async def _work_off_one(self, turn: contextlib.ExitStack) -> bool:
        """Claim an event, let the next lane have its turn, handle it; False where there is none."""
        async with self._database.transaction() as tx:
            row = (await tx.execute(self._claim())).one_or_none()
            if row is None:
                return False
            turn.close()
            await self._handle(tx, row)
        return True

    def _claim(self) -> Any:
        return (
            select(_INBOX)
            .where(
                _INBOX.c.consumer == self._consumer,
                _INBOX.c.state == "pending",
                _INBOX.c.next_try <= func.now(),
            )
            .order_by(_INBOX.c.next_try)
            .limit(1)
            .with_for_update(skip_locked=True)
        )

    async def _handle(self, tx: AsyncConnection, row: Row[Any]) -> None:
        started = time.monotonic()
        try:
            async with tx.begin_nested(), asyncio.timeout(_HANDLER_TIME):
                await self._effect(tx, row)
        except Exception as error:
            values = self._after_failure(row, error)
        else:
            values = {"state": "done", "done_at": func.now(), "error": ""}
        this = and_(_INBOX.c.consumer == row.consumer, _INBOX.c.event_id == row.event_id)
        await tx.execute(update(_INBOX).where(this).values(attempts=row.attempts + 1, **values))
        result = "failed" if values["state"] == "pending" else str(values["state"])
        self._metrics.handled.labels(row.type, result).inc()
        self._metrics.handling.labels(row.type).observe(time.monotonic() - started)

    async def _effect(self, tx: AsyncConnection, row: Row[Any]) -> None:
        envelope = Envelope.FromString(row.envelope)
        handler = self._handlers.get(row.type)
        if handler is None:
            raise UnknownEvent
        await limit_to_tenants(tx, [UUID(envelope.tenant_id)])
        await handler(tx, envelope)

    def _after_failure(self, row: Row[Any], error: Exception) -> dict[str, Any]:
        attempts = row.attempts + 1
        state = "dead" if attempts >= TRIES else "pending"
        wait = self._first_pause * 4**row.attempts * random.uniform(0.75, 1.25)
        level = _LOG.error if state == "dead" else _LOG.warning
        level(
            "event not handled",
            error=error,
            event_id=row.event_id,
            event_type=row.type,
            attempts=attempts,
            state=state,
        )
        return {"state": state, "next_try": func.now() + wait, "error": json.dumps(describe(error))}

    async def _measure(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            async with self._database.transaction() as tx:
                counted = (await tx.execute(self._counts())).one()
            self._metrics.pending.set(counted.pending)
            self._metrics.dead.set(counted.dead)
            self._metrics.oldest_age.set(counted.age)
            await pause(_MEASURE_EVERY, stop)

    def _counts(self) -> Any:
        pending = _INBOX.c.state == "pending"
        age = func.extract("epoch", func.now() - func.min(_INBOX.c.received_at).filter(pending))
        return select(
            func.count().filter(pending).label("pending"),
            func.count().filter(_INBOX.c.state == "dead").label("dead"),
            func.coalesce(age, 0).label("age"),
        ).where(_INBOX.c.consumer == self._consumer, _INBOX.c.state.in_(["pending", "dead"]))
