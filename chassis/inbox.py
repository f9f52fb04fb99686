"""Works off the events that arrived: each has its effect exactly once, however often it came."""

import asyncio
import contextlib
import json
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, TypeAlias
from uuid import UUID

from prometheus_client import CollectorRegistry
from sqlalchemy import (
    ARRAY,
    BindParameter,
    ColumnElement,
    Row,
    Uuid,
    and_,
    any_,
    delete,
    func,
    literal,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import logs
from chassis.bus_metrics import InboxMetrics
from chassis.database import Database, limit_to_tenants
from chassis.handled_spans import handling
from chassis.inbox_turns import Turns
from chassis.spans import NO_SPANS, Spans
from chassis.tables import INBOX_CHANNEL, TABLES
from chassis.tracebacks import describe
from chassis.wakeups import Wake, Wakeups, pause
from praxispost.chassis.v1.envelope_pb2 import Envelope

Handler: TypeAlias = Callable[[AsyncConnection, Envelope], Awaitable[None]]
TogetherHandler: TypeAlias = Callable[[AsyncConnection, Sequence[Envelope]], Awaitable[None]]

TRIES = 5
KEPT = timedelta(days=14)

_LOG = logs.get(__name__)
_INBOX = TABLES.inbox
_AT_ONCE = 100
_LOOK_EVERY = 1.0
_MEASURE_EVERY = 5.0
_HANDLER_TIME = 30.0


class UnknownEvent(Exception):
    """No handler for this type of event: perhaps a newer version has one."""


class Inbox:
    """Hands each event to its type's handler; tenants have their events handled in turn.

    The effect and the done-mark are one transaction, limited to the event's tenant. A handler in `together`
    gets as many events of its types as wait, up to 100, in one transaction that is limited to their tenants;
    if it fails, each of them is handled in a transaction of its own.

    A handler that then raises, or takes more than 30 s, is undone and tried again after 1, 4, 16 and 64
    times `first_pause`, give or take a quarter; after five tries the event is dead until somebody
    drives it again (`chassis.dead_letters`).
    """

    def __init__(
        self,
        database: Database,
        *,
        consumer: str,
        handlers: Mapping[str, Handler],
        together: Mapping[str, TogetherHandler] | None = None,
        registry: CollectorRegistry,
        parallel: int = 4,
        first_pause: timedelta = timedelta(seconds=2),
        spans: Spans = NO_SPANS,
    ) -> None:
        self._database = database
        self._consumer = consumer
        self._handlers = handlers
        self._together = together or {}
        self._metrics = InboxMetrics(registry)
        self._parallel = parallel
        self._first_pause = first_pause
        self._spans = spans
        self._turns = Turns(consumer)
        self._together_next = False
        self._claiming = asyncio.Lock()

    async def run(self, stop: asyncio.Event, wakeups: Wakeups) -> None:
        """Handle events in `parallel` transactions until stopped; for `Worker.serve` with INBOX_CHANNEL."""
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
        """One lane at a time looks for events or waits for one; the others handle theirs or queue up."""
        while not stop.is_set():
            await self._claiming.acquire()
            with contextlib.ExitStack() as turn:
                turn.callback(self._claiming.release)
                if not stop.is_set() and not await self._work_off_some(turn):
                    await pause(_LOOK_EVERY, stop, wake)

    async def _work_off_some(self, turn: contextlib.ExitStack) -> bool:
        """Claim events, let the next lane have its turn, handle them; False where there are none."""
        try:
            async with self._database.transaction() as tx:
                rows = await self._turns.claim(tx, _AT_ONCE if self._together_next else 1)
                if not rows:
                    return False
                together = self._together.get(rows[0].type)
                self._together_next = together is not None
                turn.close()
                if len(rows) == 1 or together is None:
                    await self._handle(tx, rows[0])
                    return True
                alike = [each for each in rows if self._together.get(each.type) == together]
                alone = [each for each in alike if each.attempts]  # what failed would fail the others again
                await self._handle_together(tx, [each for each in alike if not each.attempts])
        except _NotTogether as failed:
            alone = [*alone, *failed.rows]
        for each in alone:
            await self._work_off(each.event_id)
        return True

    async def _handle_together(self, tx: AsyncConnection, rows: Sequence[Row[Any]]) -> None:
        """All or none of them; whatever one of them fails of, nothing is known of the others."""
        if not rows:
            return
        started = time.monotonic()
        try:
            async with asyncio.timeout(_HANDLER_TIME):
                await self._effects(tx, rows)
                values = {
                    "state": "done",
                    "done_at": func.now(),
                    "attempts": _INBOX.c.attempts + 1,
                    "error": "",
                }
                await tx.execute(
                    update(_INBOX).where(self._are([each.event_id for each in rows])).values(values)
                )
        except Exception as error:
            _LOG.warning("events not handled together", error=error, count=len(rows))
            raise _NotTogether(rows) from error
        for each in rows:
            self._count(each, "done", (time.monotonic() - started) / len(rows))

    async def _work_off(self, event_id: UUID) -> None:
        """Handle one event that was to be handled with others, unless it is in other hands by now."""
        this = and_(self._are([event_id]), _INBOX.c.state == "pending", _INBOX.c.next_try <= func.now())
        async with self._database.transaction() as tx:
            claim = select(_INBOX).where(this).with_for_update(skip_locked=True)
            row = (await tx.execute(claim)).one_or_none()
            if row is not None:
                await self._handle(tx, row)

    async def _handle(self, tx: AsyncConnection, row: Row[Any]) -> None:
        started = time.monotonic()
        try:
            async with tx.begin_nested(), asyncio.timeout(_HANDLER_TIME):
                await self._effects(tx, [row])
        except Exception as error:
            values = self._after_failure(row, error)
        else:
            values = {"state": "done", "done_at": func.now(), "error": ""}
        this = self._are([row.event_id])
        await tx.execute(update(_INBOX).where(this).values(attempts=row.attempts + 1, **values))
        result = "failed" if values["state"] == "pending" else str(values["state"])
        self._count(row, result, time.monotonic() - started)

    async def _effects(self, tx: AsyncConnection, rows: Sequence[Row[Any]]) -> None:
        """Of one event, or of several whose types have the same handler in `together`."""
        envelopes = [Envelope.FromString(row.envelope) for row in rows]
        together = self._together.get(rows[0].type)
        handler = self._handlers.get(rows[0].type)
        await limit_to_tenants(tx, dict.fromkeys(UUID(each.tenant_id) for each in envelopes))
        with handling(self._spans, rows, envelopes):
            if together is not None:
                await together(tx, envelopes)
            elif handler is not None:
                await handler(tx, envelopes[0])
            else:
                raise UnknownEvent

    def _are(self, event_ids: Sequence[UUID]) -> ColumnElement[bool]:
        return and_(_INBOX.c.consumer == self._consumer, _INBOX.c.event_id == any_(_array(event_ids)))

    def _count(self, row: Row[Any], result: str, seconds: float) -> None:
        self._metrics.handled.labels(row.type, result).inc()
        self._metrics.handling.labels(row.type).observe(seconds)

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


class _NotTogether(Exception):
    """Events that have to be handled one by one, since not all of them could be handled together."""

    def __init__(self, rows: Sequence[Row[Any]]) -> None:
        super().__init__()
        self.rows = rows


def _array(event_ids: Sequence[UUID]) -> BindParameter[Any]:
    return literal(list(event_ids), ARRAY(Uuid))
