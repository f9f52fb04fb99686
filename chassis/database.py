"""Transactions on a service's database, each limited to the tenants that it may touch."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import QueuePool

from chassis.connection_checks import check_connections
from chassis.database_errors import connecting, lost_as_refusal, passing_as_refusal
from chassis.many_rows import driver_of
from chassis.waker import Wake, Waker

_WAKES = "praxispost.wakes"
_END = "praxispost.end"
_COMMIT, _ROLLBACK = "COMMIT", "ROLLBACK"
_UNDO_SECONDS = 5.0
_SESSION = {
    "application_name": "praxispost",
    "statement_timeout": "15000",
    "lock_timeout": "5000",
    "idle_in_transaction_session_timeout": "60000",
}
_SET_TENANTS = text("SELECT set_config('praxispost.tenants', :tenants, true)")


def wake_after_commit(tx: AsyncConnection, channel: str, payload: str = "") -> None:
    """Notify the listeners of the channel once the transaction is committed.

    The payload is an id or a few (8,000 bytes at most); equal wakes of a transaction are sent once.
    """
    wakes: dict[Wake, None] = tx.info[_WAKES]
    wakes[channel, payload] = None


def undo_at_end(tx: AsyncConnection) -> None:
    """Let the transaction be undone at its end instead of committed, and wake nobody; said last in its block.

    What SQLAlchemy's own `rollback` and `commit` do here is nothing: see `_begun`.
    """
    tx.info[_END] = _ROLLBACK
    tx.info[_WAKES].clear()


async def limit_to_tenants(tx: AsyncConnection, tenants: Iterable[UUID]) -> None:
    """From here to its end the transaction sees and writes the rows of these tenants only."""
    await tx.execute(_SET_TENANTS, {"tenants": _listed(tenants)})


class Database:
    """A pool of connections to one PostgreSQL database (`postgresql://…`)."""

    def __init__(self, url: str, *, pool_size: int) -> None:
        self._engine = create_engine(url, pool_size)
        self.connections_most = pool_size
        self._waker = Waker(create_engine(url, 1))

    @contextlib.asynccontextmanager
    async def transaction(
        self, tenants: Iterable[UUID] = (), *, lock_seconds: float | None = None
    ) -> AsyncIterator[AsyncConnection]:
        """One transaction, committed at the end of the block; without tenants it reaches no tenant's row.

        It may be told how long to wait for rows that others hold, instead of 5 s.
        Refuses with DEPENDENCY_UNAVAILABLE where the database can't be reached in time or others held
        the same rows for too long.
        """
        wakes: dict[Wake, None] = {}
        async with contextlib.AsyncExitStack() as stack:
            with connecting():
                tx = await stack.enter_async_context(self._engine.connect())
            tx.info[_WAKES], tx.info[_END] = wakes, _COMMIT
            with passing_as_refusal():
                async with _begun(tx, _beginning(tuple(tenants), lock_seconds)):
                    yield tx
        self._waker.wake(wakes)

    @property
    def connections_used(self) -> int:
        """How many connections have a transaction at the moment."""
        pool = self._engine.pool
        assert isinstance(pool, QueuePool)
        return pool.checkedout()

    async def close(self) -> None:
        """Send the wakes that are still due, then close every connection."""
        await self._waker.close()
        await self._engine.dispose()


def create_engine(url: str, pool_size: int) -> AsyncEngine:
    """An engine whose statements, waits for locks and idle transactions all end by themselves."""
    engine = create_async_engine(
        make_url(url).set(drivername="postgresql+asyncpg"),
        hide_parameters=True,
        isolation_level="AUTOCOMMIT",  # transactions are begun and ended by hand; see `_begun`
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=5,
        connect_args={"server_settings": _SESSION, "timeout": 5},
    )
    check_connections(engine)
    return engine


@contextlib.asynccontextmanager
async def _begun(tx: AsyncConnection, beginning: str) -> AsyncIterator[None]:
    """A transaction around the block, committed at its end and undone where it raises.

    SQLAlchemy would make two round trips of its beginning.
    """
    driver = driver_of(tx)
    try:
        await _tell(driver, beginning)
        yield
        end = tx.info[_END]
        if await _tell(driver, end) != end:
            raise RuntimeError("a statement of the transaction failed, so nothing of it was stored")
    except BaseException:
        await _undo(driver)
        raise


def _beginning(tenants: tuple[UUID, ...], lock_seconds: float | None) -> str:
    """Its parts, in one message to the server."""
    parts = ["BEGIN", f"SET LOCAL praxispost.tenants = '{_listed(tenants)}'"]
    if lock_seconds is not None:
        parts.append(f"SET LOCAL lock_timeout = {round(lock_seconds * 1000)}")
    return "; ".join(parts)


def _listed(tenants: Iterable[UUID]) -> str:
    return ",".join(UUID.__str__(tenant) for tenant in tenants)


async def _tell(driver: Any, statements: str) -> str:
    """What the last of them answers. PostgreSQL's answer to a COMMIT may be that it rolled back."""
    with lost_as_refusal(driver):
        return str(await driver.execute(statements))


async def _undo(driver: Any) -> None:
    """What cannot be undone in order, the server undoes when the connection ends.

    It is not asked whether there is one: of a beginning that was cancelled the driver knows nothing.
    """
    if driver.is_closed():
        return
    try:
        async with asyncio.timeout(_UNDO_SECONDS):
            await driver.execute(_ROLLBACK)
    except BaseException as error:
        driver.terminate()
        if not isinstance(error, OSError | TimeoutError | asyncpg.PostgresError | asyncpg.InterfaceError):
            raise
