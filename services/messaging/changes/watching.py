"""Hands changes to open streams: one listener and one query per look for all streams of the process."""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Self
from uuid import UUID

from chassis import logs
from chassis.caller import Caller
from chassis.database import Database
from chassis.refusal import Refusal, Status
from chassis.wakeups import Wake, Wakeups
from services.messaging.callers import is_account, may_see
from services.messaging.changes import storage
from services.messaging.changes.domain import OF_PRACTICE, Change, Counted

_LOG: Final = logs.get(__name__)
_LOOK_EVERY: Final = 10.0
_RETRY_AFTER: Final = 1.0
_MOST_AT_ONCE: Final = 500
_MOST_WAITING: Final = 1000


class Subscription:
    """The changes that one stream may see, in order; one that reads too slowly is ended."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._waiting: deque[Change] = deque()
        self._arrived = asyncio.Event()
        self._too_slow = False

    def offer(self, change: Change) -> None:
        """Pass the change on if it is the caller's; never waits."""
        if self._too_slow or not _is_for(self._caller, change):
            return
        if len(self._waiting) >= _MOST_WAITING:
            self._too_slow = True
            self._waiting.clear()
        else:
            self._waiting.append(change)
        self._arrived.set()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Change:
        """The next change; refuses OVERLOADED where they came faster than they were read."""
        while not self._waiting:
            if self._too_slow:
                raise Refusal(
                    Status.RESOURCE_EXHAUSTED,
                    "OVERLOADED",
                    "the stream was read too slowly; list what there is and begin again",
                )
            self._arrived.clear()
            await self._arrived.wait()
        return self._waiting.popleft()


@dataclass(slots=True)
class _Watched:
    """A practice with open streams, and the number of the newest change that they were given."""

    sequence: int
    subscriptions: set[Subscription] = field(default_factory=set)


class ChangeFeed:
    """The changes of all practices that somebody watches."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._watched: dict[UUID, _Watched] = {}

    @contextlib.asynccontextmanager
    async def subscribe(self, caller: Caller) -> AsyncIterator[Subscription]:
        """Watch the caller's practices inside the block; what is committed from now on is not missed."""
        subscription = Subscription(caller)
        async with self._database.transaction(caller.tenants) as tx:
            newest = await storage.newest(tx, caller.tenants)
        with self._joined(subscription, newest):
            yield subscription

    async def run(self, wakeups: Wakeups) -> None:
        """Look for changes whenever there are some, and every 10 s; goes on until cancelled."""
        with wakeups.on(storage.CHANNEL) as wake:
            missed: Collection[UUID] = ()
            while True:
                practices = await self._woken(wake, within=_RETRY_AFTER if missed else _LOOK_EVERY)
                try:
                    await self._look({*practices, *missed})
                    missed = ()
                except Refusal as refusal:
                    _LOG.warning("changes not read", error=refusal, retry_in=_RETRY_AFTER)
                    missed = tuple(self._watched)

    @contextlib.contextmanager
    def _joined(self, subscription: Subscription, newest: Mapping[UUID, int]) -> Iterator[None]:
        """A practice that others watch already keeps its number, which may be older: hints can come twice."""
        for practice_id, sequence in newest.items():
            watched = self._watched.setdefault(practice_id, _Watched(sequence))
            watched.subscriptions.add(subscription)
        try:
            yield
        finally:
            for practice_id in newest:
                self._watched[practice_id].subscriptions.discard(subscription)
                if not self._watched[practice_id].subscriptions:
                    del self._watched[practice_id]

    async def _woken(self, wake: Wake, within: float) -> Collection[UUID]:
        """The watched practices that have changed; all of them where nothing or anything may have."""
        payloads = await wake.wait(within)
        if not payloads or "" in payloads:
            return tuple(self._watched)
        return [practice_id for each in payloads if (practice_id := UUID(each)) in self._watched]

    async def _look(self, practices: Collection[UUID]) -> None:
        since = self._since(practices)
        while since:
            async with self._database.transaction(since) as tx:
                found = await storage.after(tx, since, _MOST_AT_ONCE)
            for each in found:
                self._deliver(each)
            since = self._since({each.change.practice_id for each in found}) if found else {}

    def _since(self, practices: Collection[UUID]) -> dict[UUID, int]:
        return {each: self._watched[each].sequence for each in practices if each in self._watched}

    def _deliver(self, counted: Counted) -> None:
        """Streams may have ended, or a practice be watched anew, while the query ran."""
        watched = self._watched.get(counted.change.practice_id)
        if watched is None or counted.sequence <= watched.sequence:
            return
        watched.sequence = counted.sequence
        for subscription in watched.subscriptions:
            subscription.offer(counted.change)


def _is_for(caller: Caller, change: Change) -> bool:
    if change.kind in OF_PRACTICE and is_account(caller):
        return False
    return may_see(caller, change.practice_id, change.patient_id)
