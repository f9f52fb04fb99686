"""Many rows as one argument for each column: the SQL is the same however many they are, and prepared once."""

from collections.abc import Collection, Sequence
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    TableValuedAlias,
    Uuid,
    any_,
    bindparam,
    column,
    func,
    literal,
    select,
    tuple_,
)
from sqlalchemy.types import TypeEngine

T = TypeVar("T")


def rows_of(**columns: tuple[TypeEngine[Any], Sequence[Any]]) -> TableValuedAlias:
    """A table of these columns, each with its type and its values, to select or insert from."""
    arrays = [literal(list(values), ARRAY(kind)) for kind, values in columns.values()]
    named: list[ColumnElement[Any]] = [column(name, kind) for name, (kind, _) in columns.items()]
    return func.unnest(*arrays).table_valued(*named).render_derived()


def among(
    first: ColumnElement[UUID], second: ColumnElement[UUID], pairs: Collection[tuple[UUID, UUID]]
) -> ColumnElement[bool]:
    """Whether the two columns hold one of these pairs."""
    wanted = rows_of(
        first=(Uuid(), [pair[0] for pair in pairs]), second=(Uuid(), [pair[1] for pair in pairs])
    )
    return tuple_(first, second).in_(select(wanted.c.first, wanted.c.second))


def is_one_of(of: ColumnElement[T], values: Collection[T]) -> ColumnElement[bool]:
    """Holds where the column has one of the values."""
    return of == any_(bindparam(None, list(values), type_=ARRAY(of.type), unique=True))
