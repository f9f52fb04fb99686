"""Statements over any number of rows, whose text never changes: each connection prepares them once.

They go to the driver itself: to compose a statement anew takes longer than PostgreSQL does to carry it out.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

import asyncpg
from sqlalchemy import Dialect, Table, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.refusal import dependency_unavailable

Row: TypeAlias = Sequence[object]

_DIALECT: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
_NOTHING = text("SELECT")


@dataclass(frozen=True, slots=True)
class ManyRows:
    """A statement in which `{rows}` stands for the rows that it is given, a table in their order.

    `types` are PostgreSQL's names of the types of its columns. `sql` has no parameters of its own.
    """

    sql: str
    types: tuple[str, ...]

    def of(self, rows: Iterable[Row]) -> "Write":
        """The statement with these rows."""
        return Write(self, tuple(rows))


@dataclass(frozen=True, slots=True)
class Write:
    """A statement with its rows, to be carried out by `write`, or whose results `fetch` returns."""

    statement: ManyRows
    rows: tuple[Row, ...]

    @property
    def columns(self) -> list[list[object]]:
        """The rows' values, as the statement takes them."""
        return [list(column) for column in zip(*self.rows, strict=True)]


def inserting(table: Table, *names: str, conflict: str = "") -> ManyRows:
    """The insertion of rows with these columns; `conflict` is an ON CONFLICT clause."""
    return ManyRows(
        f"INSERT INTO {table.name} ({', '.join(names)}) SELECT * FROM {{rows}} {conflict}",
        types_of(table, *names),
    )


def types_of(table: Table, *names: str) -> tuple[str, ...]:
    """The types of these columns."""
    return tuple(table.c[name].type.compile(dialect=_DIALECT) for name in names)


async def fetch(tx: AsyncConnection, wanted: Write) -> Sequence[Any]:
    """What the statement returns for its rows; without rows it is not carried out and returns nothing."""
    if not wanted.rows:
        return ()
    return await _fetch(tx, _single(wanted.statement), wanted.columns)


async def write(tx: AsyncConnection, *writes: Write) -> Sequence[int]:
    """Carry all of them out in one round trip; says how many rows each has written.

    They see what was there before them, and not each other's rows; references among these are good.
    """
    those = [each for each in writes if each.rows]
    if not those:
        return [0] * len(writes)
    statement = _joined(tuple(each.statement for each in those))
    (counts,) = await _fetch(tx, statement, [column for each in those for column in each.columns])
    counted = iter(counts)
    return [next(counted) if each.rows else 0 for each in writes]


async def _fetch(tx: AsyncConnection, statement: str, columns: Sequence[object]) -> Sequence[Any]:
    """On the transaction's connection, past SQLAlchemy, whose first statement begins the transaction."""
    pooled = tx.sync_connection
    assert pooled is not None
    driver: Any = pooled.connection.driver_connection
    if not driver.is_in_transaction():
        await tx.execute(_NOTHING)
    try:
        rows: Sequence[Any] = await driver.fetch(statement, *columns)
    except (OSError, asyncpg.InterfaceError) as error:
        if driver.is_closed():
            raise dependency_unavailable("database") from error
        raise
    return rows


@lru_cache(maxsize=256)
def _single(statement: ManyRows) -> str:
    return statement.sql.format(rows=_table(statement, 1))


@lru_cache(maxsize=256)
def _joined(statements: tuple[ManyRows, ...]) -> str:
    parts, first = [], 1
    for number, statement in enumerate(statements):
        parts.append(f"write_{number} AS ({statement.sql.format(rows=_table(statement, first))} RETURNING 1)")
        first += len(statement.types)
    counts = ", ".join(f"(SELECT count(*) FROM write_{number})" for number in range(len(statements)))
    return f"WITH {', '.join(parts)} SELECT {counts}"


def _table(statement: ManyRows, first: int) -> str:
    arrays = ", ".join(f"${number}::{kind}[]" for number, kind in enumerate(statement.types, first))
    return f"unnest({arrays})"
