"""The worker's side of notices: takes what is due, hands it over, and forgets it once it is accepted."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import logs
from chassis.database import Database
from services.identity.accounts.storage import Accounts
from services.identity.notices import Notice, NoticeQueue, Recipient
from services.identity.tables.people import notice as notice_table

_LOG = logs.get(__name__)
_N = notice_table.c
# Longer than a sending may take: another worker takes a notice up only where this one died with it.
_LEASE: Final = timedelta(seconds=60)
_LONGEST_PAUSE: Final = timedelta(seconds=60)


class NotAcceptedYet(Exception):
    """The notifier could not pass the notice on; it may later."""


class NeverAccepted(Exception):
    """The notice will be refused as often as it is tried."""


class NoticeSender(Protocol):
    """The way to the notifier."""

    async def send(self, notice_id: UUID, notice: Notice) -> None:
        """Return once the notice is accepted; raises NotAcceptedYet, NeverAccepted."""


@dataclass(frozen=True, slots=True)
class _Leased:
    id: UUID
    sealed: bytes
    attempts: int


class NoticeDelivery:
    """Hands notices over, each under an id that stays the same however often it is tried."""

    def __init__(
        self,
        database: Database,
        queue: NoticeQueue,
        accounts: Accounts,
        sender: NoticeSender,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._queue = queue
        self._accounts = accounts
        self._sender = sender
        self._clock = clock

    async def deliver_next(self) -> bool:
        """Take up the one that is due longest; True where there was one, so that there may be another.

        One at a time, in several lanes: a gateway that hangs holds up no more than the notices in hand.
        """
        async with self._database.transaction() as tx:
            leased = await _lease(tx, self._clock())
        if leased is None:
            return False
        notice = await self._addressed(self._queue.opened(leased.id, leased.sealed))
        if notice is None or await self._handed_over(leased, notice):
            async with self._database.transaction() as tx:
                await tx.execute(delete(notice_table).where(_N.id == leased.id))
        return True

    async def _handed_over(self, leased: _Leased, notice: Notice) -> bool:
        """Whether there is nothing left to do for the notice."""
        try:
            await self._sender.send(leased.id, notice)
        except NotAcceptedYet:
            await self._try_again(leased)
            return False
        except NeverAccepted:
            _LOG.warning("notice refused for good", notice_id=leased.id, kind=notice.kind)
        return True

    async def _addressed(self, notice: Notice) -> Notice | None:
        """The notice with the address it goes to; None where it goes to nobody."""
        if notice.to.kind == "nobody":
            return None
        if notice.to.kind not in ("account", "account_email"):
            return notice
        async with self._database.transaction() as tx:
            contact = await self._accounts.contact(tx, UUID(notice.to.value))
        if contact is None:
            return None
        by_sms = notice.to.kind == "account"
        to = Recipient.mobile(contact.mobile) if by_sms else Recipient.email(contact.email)
        return Notice(to, notice.kind, notice.code, notice.expires_at, contact.language, notice.practice_name)

    async def _try_again(self, leased: _Leased) -> None:
        pause = min(timedelta(seconds=1 << min(leased.attempts - 1, 10)), _LONGEST_PAUSE)
        _LOG.warning(
            "notice not accepted yet",
            notice_id=leased.id,
            attempts=leased.attempts,
            retry_in=pause.total_seconds(),
        )
        async with self._database.transaction() as tx:
            later = update(notice_table).where(_N.id == leased.id).values(next_try=self._clock() + pause)
            await tx.execute(later)


async def delete_expired_notices(tx: AsyncConnection, now: datetime) -> int:
    """Remove notices whose code has ended; says how many."""
    return (await tx.execute(delete(notice_table).where(_N.expires_at <= now))).rowcount


async def _lease(tx: AsyncConnection, now: datetime) -> _Leased | None:
    due = (
        select(_N.id)
        .where(_N.next_try <= now, _N.expires_at > now)
        .order_by(_N.next_try)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    leased = (
        update(notice_table)
        .where(_N.id == due)
        .values(next_try=now + _LEASE, attempts=_N.attempts + 1)
        .returning(_N.id, _N.sealed, _N.attempts)
    )
    row = (await tx.execute(leased)).first()
    return None if row is None else _Leased(*row)
