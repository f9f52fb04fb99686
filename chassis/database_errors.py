"""Which errors of the database mean "not now": they become a refusal that is worth another try."""

import contextlib
from collections.abc import Iterator
from typing import Any

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from chassis.refusal import dependency_unavailable

# https://www.postgresql.org/docs/current/errcodes-appendix.html: connection, resources, shutdown; and
# serialization, deadlock, lock not available, statement cancelled, idle too long.
_PASSING_CLASSES = ("08", "53", "57P")
_PASSING = frozenset({"40001", "40P01", "55P03", "57014", "25P03"})


@contextlib.contextmanager
def connecting() -> Iterator[None]:
    """Around the making of a connection: whatever the network says there means "not now"."""
    try:
        with passing_as_refusal():
            yield
    except (OSError, TimeoutError) as error:
        raise dependency_unavailable("database") from error


@contextlib.contextmanager
def passing_as_refusal() -> Iterator[None]:
    """Around a transaction: refuses as UNAVAILABLE what may well succeed when it is tried again."""
    try:
        yield
    except PoolTimeout as error:
        raise dependency_unavailable("database") from error
    except (DBAPIError, asyncpg.PostgresError) as error:
        if is_passing(error):
            raise dependency_unavailable("database") from error
        raise


@contextlib.contextmanager
def lost_as_refusal(driver: Any) -> Iterator[None]:
    """Around statements to the driver itself: refuses where its connection turns out to be lost."""
    try:
        yield
    except (OSError, asyncpg.InterfaceError) as error:
        if driver.is_closed():
            raise dependency_unavailable("database") from error
        raise


def is_passing(error: DBAPIError | asyncpg.PostgresError) -> bool:
    """Whether another try of the same may succeed."""
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    code = str(getattr(error.orig if isinstance(error, DBAPIError) else error, "sqlstate", None) or "")
    return code in _PASSING or code.startswith(_PASSING_CLASSES)
