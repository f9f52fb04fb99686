"""The tables that the code knows are those that the migration makes, and they are guarded."""

from uuid import uuid4

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import DBAPIError

from services.attachments.tables import metadata
from tests.integration.attachments.house import House, Stores, header, staff


def test_the_migrated_schema_is_what_the_tables_say(stores: Stores) -> None:
    engine = create_engine(make_url(stores.superuser_url).set(drivername="postgresql+psycopg"))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


async def test_a_transaction_of_another_practice_sees_no_document(house: House) -> None:
    physician = staff()
    await house.upload(physician, b"text", header(uuid4()))
    count = text("SELECT count(*) FROM attachment")
    async with house.database.transaction([physician.tenants[0]]) as tx:
        assert (await tx.execute(count)).scalar_one() == 1
    async with house.database.transaction([uuid4()]) as tx:
        assert (await tx.execute(count)).scalar_one() == 0
    async with house.database.transaction() as tx:
        assert (await tx.execute(count)).scalar_one() == 0


async def test_a_transaction_of_another_practice_writes_no_document(house: House) -> None:
    physician = staff()
    await house.upload(physician, b"text", header(uuid4()))
    async with house.database.transaction([uuid4()]) as tx:
        changed = await tx.execute(text("UPDATE attachment SET state = 'deleting'"))
        assert changed.rowcount == 0
        removed = await tx.execute(text("DELETE FROM attachment"))
        assert removed.rowcount == 0


async def test_the_app_role_can_neither_change_the_audit_nor_pass_by_the_look_ups(
    house: House, stores: Stores
) -> None:
    for statement in (
        "UPDATE audit SET action = ''",
        "DELETE FROM audit",
        "ALTER TABLE attachment OWNER TO postgres",
    ):
        with pytest.raises(DBAPIError):
            async with house.database.transaction() as tx:
                await tx.execute(text(statement))
    with (
        psycopg.connect(stores.database_url) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("SET ROLE postgres")
