"""Many rows of a table in one statement, which is the same however many they are."""

import functools
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ARRAY, Insert, Table, bindparam, column, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection


async def insert_all(
    tx: AsyncConnection, table: Table, rows: Sequence[Mapping[str, object]], same: Mapping[str, object]
) -> None:
    """Insert rows that have different values in the same columns, and in those of `same` the same."""
    if rows:
        names = tuple(rows[0])
        arrays = {name: [row[name] for row in rows] for name in names}
        await tx.execute(_insert(table, names, tuple(same)), {**arrays, **same})


@functools.cache
def _insert(table: Table, names: tuple[str, ...], same: tuple[str, ...]) -> Insert:
    columns: list[Any] = [column(name, table.c[name].type) for name in names]
    arrays = [bindparam(name, type_=ARRAY(table.c[name].type)) for name in names]
    given = func.unnest(*arrays).table_valued(*columns).render_derived(name="given")
    values = [bindparam(name, type_=table.c[name].type) for name in same]
    return insert(table).from_select([*names, *same], select(given, *values))
