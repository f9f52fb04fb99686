"""Statements over any number of rows, whose text never changes: each connection prepares them once.

They go to the driver itself: to compose a statement anew takes longer than PostgreSQL does to carry it out.
And several go in one round trip, as parts of one statement: each trip waits for its turn in the event loop.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

from sqlalchemy import Dialect, Table
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database_errors import lost_as_refusal

Row: TypeAlias = Sequence[object]
# Rows that a statement returned; what is in them, only the statement knows.
Returned: TypeAlias = Sequence[Sequence[Any]]

# SQLAlchemy gives the dialect's constructor no types.
_DIALECT: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]


@dataclass(frozen=True, slots=True)
class ManyRows:
    """A statement in which `{rows}` stands for the rows that it is given, a table in their order.

    `types` are PostgreSQL's names of the types of its columns. `sql` has no parameters of its own. One that
    returns nothing ends where a RETURNING clause could begin. With a `name`, those that come after it in the
    same round trip may read what it returns as a table of this name.
    """

    sql: str
    types: tuple[str, ...]
    returns: bool = True
    name: str = ""

    def of(self, rows: Iterable[Row]) -> "Part":
        """The statement with these rows; without rows it is not carried out."""
        return Part(self, tuple(rows))


@dataclass(frozen=True, slots=True)
class Part:
    """A statement with its rows, to be carried out alone or together with others."""

    statement: ManyRows
    rows: tuple[Row, ...]


def inserting(table: Table, *names: str, conflict: str = "") -> ManyRows:
    """The insertion of rows with these columns; `conflict` is an ON CONFLICT clause."""
    columns = ", ".join(names)
    sql = f"INSERT INTO {table.name} ({columns}) SELECT * FROM {{rows}} {conflict}"
    return ManyRows(sql, types_of(table, *names), returns=False)


def types_of(table: Table, *names: str) -> tuple[str, ...]:
    """The types of these columns."""
    return tuple(table.c[name].type.compile(dialect=_DIALECT) for name in names)


async def fetch(tx: AsyncConnection, part: Part) -> Returned:
    """What the statement returns for its rows."""
    (found,) = await carry_out(tx, part)
    return found


async def carry_out(tx: AsyncConnection, *parts: Part) -> Sequence[Returned]:
    """Carry all parts out in one round trip, and in their order; says what each of them returns, as tuples.

    They see what was there before all of them, and not each other's rows; references among these are good.
    """
    those = [each for each in parts if each.rows]
    if not those:
        return [()] * len(parts)
    statement = _joined(tuple(each.statement for each in those))
    columns = [list(column) for each in those for column in zip(*each.rows, strict=True)]
    (row,) = await _fetch(tx, statement, columns)
    returned = iter(row)
    return [_rows(each, next(returned) if each.rows else None) for each in parts]


def _rows(part: Part, returned: Any) -> Returned:
    return returned if returned and part.statement.returns else ()


async def _fetch(tx: AsyncConnection, statement: str, columns: Sequence[object]) -> Sequence[Any]:
    driver = driver_of(tx)
    with lost_as_refusal(driver):
        rows: Sequence[Any] = await driver.fetch(statement, *columns)
    return rows


def driver_of(tx: AsyncConnection) -> Any:
    """The connection of asyncpg below SQLAlchemy's."""
    pooled = tx.sync_connection
    assert pooled is not None
    return pooled.connection.driver_connection


@lru_cache(maxsize=256)
def _joined(statements: tuple[ManyRows, ...]) -> str:
    """Each part is read by a column of its own, and columns are made from left to right."""
    parts, columns, first = [], [], 1
    for number, statement in enumerate(statements):
        name = statement.name or f"part_{number}"
        sql = statement.sql.format(rows=_table(statement, first))
        parts.append(f"{name} AS ({sql}{'' if statement.returns else ' RETURNING 1'})")
        wanted = f"array_agg({name})" if statement.returns else "count(*)"
        columns.append(f"(SELECT {wanted} FROM {name})")
        first += len(statement.types)
    return f"WITH {', '.join(parts)} SELECT {', '.join(columns)}"


def _table(statement: ManyRows, first: int) -> str:
    arrays = ", ".join(f"${number}::{kind}[]" for number, kind in enumerate(statement.types, first))
    return f"unnest({arrays})"
