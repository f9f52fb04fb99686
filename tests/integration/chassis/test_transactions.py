"""What a transaction of a service can reach, and what it says when it can't."""

import asyncio
import contextlib
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.exc import ProgrammingError

from chassis.database import Database, limit_to_tenants, undo_at_end, wake_after_commit
from chassis.refusal import Refusal, Status
from chassis.wakeups import Wakeups
from tests.integration.chassis.sample import THING, SampleDatabase

ONE, OTHER = uuid4(), uuid4()


async def _put(database: Database, tenant_id: UUID, value: str) -> None:
    async with database.transaction([tenant_id]) as tx:
        await tx.execute(insert(THING).values(tenant_id=tenant_id, id=uuid4(), value=value))


async def _values(database: Database, *tenants: UUID) -> list[str]:
    async with database.transaction(tenants) as tx:
        return sorted((await tx.execute(select(THING.c.value))).scalars())


async def test_a_query_without_where_yields_no_foreign_row(database: Database) -> None:
    await _put(database, ONE, "mine")
    await _put(database, OTHER, "theirs")
    assert await _values(database, ONE) == ["mine"]
    assert await _values(database, ONE, OTHER) == ["mine", "theirs"]


async def test_a_transaction_for_no_tenant_sees_nothing_also_after_one_for_some(database: Database) -> None:
    assert await _values(database) == []
    for _ in range(16):  # however the pool hands its connections out
        await _put(database, ONE, "mine")
    for _ in range(16):
        assert await _values(database) == []


async def test_updates_and_deletes_without_where_leave_foreign_rows_alone(database: Database) -> None:
    await _put(database, ONE, "mine")
    await _put(database, OTHER, "theirs")
    async with database.transaction([ONE]) as tx:
        assert (await tx.execute(update(THING).values(value="changed"))).rowcount == 1
        assert (await tx.execute(delete(THING))).rowcount == 1
    assert await _values(database, ONE, OTHER) == ["theirs"]


async def test_a_row_for_a_foreign_tenant_is_not_accepted(database: Database) -> None:
    with pytest.raises(ProgrammingError, match="row-level security"):
        async with database.transaction([ONE]) as tx:
            await tx.execute(insert(THING).values(tenant_id=OTHER, id=uuid4(), value="smuggled"))
    assert await _values(database, ONE, OTHER) == []


async def test_a_transaction_can_be_limited_once_the_tenant_is_known(database: Database) -> None:
    await _put(database, ONE, "mine")
    async with database.transaction() as tx:
        await limit_to_tenants(tx, [ONE])
        assert (await tx.execute(select(THING.c.value))).scalar_one() == "mine"


async def test_an_error_undoes_the_transaction(database: Database) -> None:
    async def half_do() -> None:
        async with database.transaction([ONE]) as tx:
            await tx.execute(insert(THING).values(tenant_id=ONE, id=uuid4(), value="half done"))
            raise LookupError

    with pytest.raises(LookupError):
        await half_do()
    assert await _values(database, ONE) == []


async def test_a_transaction_can_be_undone_without_an_error(database: Database) -> None:
    async with database.transaction([ONE]) as tx:
        await tx.execute(insert(THING).values(tenant_id=ONE, id=uuid4(), value="undone"))
        undo_at_end(tx)
    assert await _values(database, ONE) == []
    await _put(database, ONE, "mine")
    assert await _values(database, ONE) == ["mine"]


async def test_whoever_passes_over_a_failed_statement_is_not_told_that_all_is_stored(
    database: Database,
) -> None:
    async def pass_over() -> None:
        async with database.transaction([ONE]) as tx:
            await tx.execute(insert(THING).values(tenant_id=ONE, id=uuid4(), value="mine"))
            with contextlib.suppress(ProgrammingError):
                await tx.execute(text("SELECT nothing"))

    with pytest.raises(RuntimeError, match="nothing of it was stored"):
        await pass_over()
    assert await _values(database, ONE) == []


async def test_whoever_is_cancelled_leaves_nothing_to_the_next(sample_database: SampleDatabase) -> None:
    """At whatever moment: while the transaction begins, in the midst of it, at its end, or twice."""
    database = Database(sample_database.app_url, pool_size=1)
    await _put(database, ONE, "of before")
    for turns in range(60):
        cancelled = asyncio.create_task(_put(database, ONE, "mine"))
        for _ in range(turns):
            await asyncio.sleep(0)
        cancelled.cancel()
        if turns % 3 == 0:
            await asyncio.sleep(0)
            cancelled.cancel()
        await asyncio.wait([cancelled])
        async with database.transaction() as tx:
            begun = select(func.pg_current_xact_id_if_assigned().is_(None), func.count(THING.c.id))
            assert (await tx.execute(begun)).one() == (True, 0)
        await _put(database, OTHER, "theirs")
    assert await _values(database, OTHER) == ["theirs"] * 60
    await database.close()


async def test_an_error_does_not_show_the_values(database: Database) -> None:
    with pytest.raises(ProgrammingError) as caught:
        async with database.transaction([ONE]) as tx:
            await tx.execute(text("SELECT :secret FROM nowhere"), {"secret": "Frau Canary"})
    assert "Canary" not in str(caught.value)


async def test_waiting_too_long_for_a_lock_is_worth_another_try(database: Database) -> None:
    async def want() -> None:
        async with database.transaction([ONE]) as waiter:
            await waiter.execute(text("SET LOCAL lock_timeout = '10ms'"))
            await waiter.execute(update(THING).values(value="wanted"))

    await _put(database, ONE, "mine")
    async with database.transaction([ONE]) as holder:
        await holder.execute(update(THING).values(value="held"))
        with pytest.raises(Refusal) as caught:
            await want()
    assert caught.value.status is Status.UNAVAILABLE
    assert caught.value.metadata["dependency"] == "database"


async def test_a_lost_connection_is_worth_another_try_and_the_try_succeeds(database: Database) -> None:
    with pytest.raises(Refusal) as caught:
        async with database.transaction() as tx:
            await tx.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
    assert caught.value.status is Status.UNAVAILABLE
    assert await _values(database) == []


async def test_a_database_that_is_not_there_is_worth_another_try() -> None:
    database = Database("postgresql://nobody@127.0.0.1:1/nothing", pool_size=1)
    with pytest.raises(Refusal) as caught:
        await _values(database)
    assert caught.value.status is Status.UNAVAILABLE
    await database.close()


async def test_a_committed_transaction_wakes_and_an_undone_one_does_not(
    database: Database, sample_database: SampleDatabase
) -> None:
    async def wake_and_fail() -> None:
        async with database.transaction() as tx:
            wake_after_commit(tx, "sample", "undone")
            raise LookupError

    async with Wakeups(sample_database.app_url, ["sample"]) as wakeups:
        with wakeups.on("sample") as wake:
            assert await wake.wait(10) == ("",)  # listening now
            with pytest.raises(LookupError):
                await wake_and_fail()
            async with database.transaction() as tx:
                wake_after_commit(tx, "sample", "first")
                wake_after_commit(tx, "sample", "first")
                wake_after_commit(tx, "sample", "second")
            payloads: list[str] = []
            while len(payloads) < 2:
                payloads += await wake.wait(10)
    assert payloads == ["first", "second"]


async def test_listeners_are_woken_after_their_connection_was_lost(
    database: Database, sample_database: SampleDatabase, postgres_url: str
) -> None:
    admin = Database(postgres_url, pool_size=1)
    async with Wakeups(sample_database.app_url, ["sample"]) as wakeups:
        with wakeups.on("sample") as wake, wakeups.on("sample") as other:
            assert await wake.wait(10) == ("",)
            assert await other.wait(10) == ("",)
            async with admin.transaction() as tx:
                await tx.execute(
                    text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")
                )
            assert await wake.wait(10) == ("",)
            assert await other.wait(10) == ("",)
            async with database.transaction() as tx:
                wake_after_commit(tx, "sample", "again")
            assert await wake.wait(10) == ("again",)
    await admin.close()
