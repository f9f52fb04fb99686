"""What the code believes of identity's tables is what the migrations made."""

import contextlib
from collections.abc import Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, make_url, text

from services.identity.tables import metadata
from tests.integration.identity.conftest import IdentityUrls

NOT_OF_A_PRACTICE = {
    "account",
    "alembic_version",
    "code",
    "code_window",
    "contact_change",
    "doomed_key",
    "inbox",
    "login",
    "login_attempt",
    "look",
    "notice",
    "outbox",
    "password_reset",
    "registration",
    "session",
}


@pytest.fixture
def owner(identity_urls: IdentityUrls) -> Iterator[Connection]:
    with _connected(identity_urls.data.owner) as connection:
        yield connection


@pytest.fixture
def app(identity_urls: IdentityUrls) -> Iterator[Connection]:
    with _connected(identity_urls.data.app) as connection:
        yield connection


@contextlib.contextmanager
def _connected(url: str) -> Iterator[Connection]:
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def test_the_tables_are_those_that_the_migrations_made(owner: Connection) -> None:
    options = {"compare_type": True, "compare_server_default": True}
    context = MigrationContext.configure(owner, opts=options)
    assert compare_metadata(context, metadata) == []


def test_row_level_security_is_forced_on_every_table_of_a_practice(owner: Connection) -> None:
    query = (
        "SELECT relname, relforcerowsecurity FROM pg_class"
        " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    )
    forced = {row.relname: row.relforcerowsecurity for row in owner.execute(text(query))}
    assert {name for name, is_forced in forced.items() if not is_forced} == NOT_OF_A_PRACTICE


def test_what_runs_as_the_owner_takes_no_table_of_the_callers_for_its_own(owner: Connection) -> None:
    query = "SELECT proname, proconfig FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace"
    paths = {row.proname: row.proconfig for row in owner.execute(text(query))}
    assert "active_bindings" in paths
    fixed = {"search_path=public, pg_temp", "search_path=pg_catalog, public, pg_temp"}
    assert {name for name, path in paths.items() if fixed.isdisjoint(path or ())} == set()


def test_what_runs_as_the_owner_is_for_the_app_role_only(owner: Connection) -> None:
    query = (
        "SELECT proname FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace"
        " AND (proacl IS NULL OR proacl::text ~ '[{,]=')"
    )
    assert owner.execute(text(query)).all() == []


@pytest.mark.parametrize("table", ["audit", "staff_invitation", "patient_search"])
def test_what_is_only_ever_added_cannot_be_changed(app: Connection, table: str) -> None:
    query = text("SELECT has_table_privilege(current_user, :table, 'UPDATE')")
    assert not app.execute(query, {"table": table}).scalar_one()
