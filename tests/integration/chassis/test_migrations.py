"""That a database is brought up to date once, by one runner, without holding up others."""

import threading
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, make_url

from chassis.migrations import migrate, migrate_sql
from tests.integration.chassis import sample

VERSIONS = ["CREATE TABLE a (id int); GRANT SELECT ON a TO {app_role};", "CREATE TABLE b (id int);"]


def tables(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        return [name for (name,) in rows]


def test_the_tables_that_the_code_knows_are_those_of_the_migrated_schema(
    sample_database: sample.SampleDatabase,
) -> None:
    engine = create_engine(make_url(sample_database.owner_url).set(drivername="postgresql+psycopg"))
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "compare_server_default": True,
                "include_name": lambda name, _kind, _parents: name != "alembic_version",
            },
        )
        assert compare_metadata(context, sample.METADATA) == []
    engine.dispose()


def test_runners_at_the_same_time_do_it_once(postgres_url: str) -> None:
    empty = sample.create_empty(postgres_url)
    with ThreadPoolExecutor() as pool:
        runs = [pool.submit(migrate, empty.owner_url, sample.MIGRATIONS, empty.app_role) for _ in range(3)]
        for run in runs:
            run.result()
    assert tables(empty.owner_url) == ["alembic_version", "audit", "inbox", "outbox", "request", "thing"]


def test_plain_sql_versions_are_run_once_each_and_in_order(postgres_url: str) -> None:
    empty = sample.create_empty(postgres_url)
    migrate_sql(empty.owner_url, VERSIONS[:1], empty.app_role)
    assert tables(empty.owner_url) == ["a", "schema_version"]
    for _ in range(2):
        migrate_sql(empty.owner_url, VERSIONS, empty.app_role)
    assert tables(empty.owner_url) == ["a", "b", "schema_version"]
    with psycopg.connect(empty.app_url) as connection:
        assert connection.execute("SELECT * FROM a").fetchall() == []


def test_a_migration_gives_way_to_others_locks_and_comes_again(postgres_url: str) -> None:
    empty = sample.create_empty(postgres_url)
    migrate_sql(empty.owner_url, VERSIONS[:1], empty.app_role)
    gave_way = threading.Event()
    with ThreadPoolExecutor() as pool, psycopg.connect(empty.owner_url) as holder:
        holder.execute("LOCK TABLE a")
        run = pool.submit(
            migrate_sql, empty.owner_url, [VERSIONS[0], "ALTER TABLE a ADD x int"], empty.app_role
        )
        watcher = pool.submit(_wait_for_attempt_to_end, empty.owner_url, gave_way)
        watcher.result(timeout=30)
        assert not run.done()
        holder.commit()
        run.result(timeout=30)
    with psycopg.connect(empty.owner_url) as connection:
        assert connection.execute("SELECT x FROM a").fetchall() == []


def _wait_for_attempt_to_end(url: str, gave_way: threading.Event) -> None:
    """Until the migration has waited for the lock and does no more."""
    waiting = "SELECT count(*), pg_sleep(0.02) FROM pg_locks WHERE NOT granted AND relation = 'a'::regclass"
    seen = False
    with psycopg.connect(url, autocommit=True) as connection:
        while not gave_way.is_set():
            row = connection.execute(waiting).fetchone()
            now_waiting = row is not None and row[0] > 0
            if seen and not now_waiting:
                gave_way.set()
            seen = seen or now_waiting


@pytest.mark.parametrize("role", ["", 'app"; DROP TABLE a', "App"])
def test_a_role_that_needs_quoting_is_refused(role: str) -> None:
    with pytest.raises(ValueError, match="role"):
        migrate_sql("postgresql://nobody@127.0.0.1:1/nothing", [], role)
