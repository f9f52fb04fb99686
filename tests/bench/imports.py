"""How many patients per second an import takes over, beside COPY of the same rows into the same tables.

What follows from a new record (other services hear of it) does not run meanwhile.
"""

import time
from collections.abc import Iterator, Sequence
from typing import Any, Final, LiteralString

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from praxispost.identity.v1 import imports_pb2, imports_pb2_grpc
from tests.bench import backlog, crowd
from tests.bench.bench import Bench
from tests.bench.figures import Figure, at_least
from tests.story.callers import Caller
from tests.story.cast import Contact

Connection = psycopg.Connection[Any]

_ROWS, _SLICES = 20_000, 8
_SHORT_ROWS, _SHORT_SLICES = 200, 2
_ROWS_IN_A_PART: Final = 500
_SECONDS: Final = 600.0
_WANTED: Final = at_least(0.3)

# A record, and the rows that it is found by.
_OWNED: Final = {"patient": "id", "patient_search": "patient_id"}
_COLUMNS: Final[LiteralString] = """
SELECT column_name FROM information_schema.columns
WHERE table_name = %(table)s AND column_name <> 'practice_id' ORDER BY ordinal_position
"""


def measure(bench: Bench) -> Iterator[Figure]:
    """Rows per second of both, in turn: slice by slice, first the import, then COPY of what it stored."""
    rows, slices = (_SHORT_ROWS, _SHORT_SLICES) if bench.short else (_ROWS, _SLICES)
    practice, admin = bench.house.practice("Praxis mit altem System")
    copied, _ = bench.house.practice("Praxis daneben")
    people, each = crowd.contacts(rows), rows // slices
    postgres = bench.system.stores.postgres
    url = make_url(postgres.superuser_url).set(database="identity")
    importing = copying = 0.0
    with (
        backlog.held_back(bench.system, "identity"),
        psycopg.connect(url.render_as_string(hide_password=False)) as connection,
    ):
        for first in range(0, rows, each):
            known = _ids(connection, practice.id)
            imported = _import(admin.caller, people, range(first, first + each))
            new = [found for found in _ids(connection, practice.id) if found not in known]
            copied_in = _copy(connection, practice.id, copied.id, new)
            if first:  # the first warms
                importing, copying = importing + imported, copying + copied_in
            else:
                bench.settle()
    measured = rows - each
    yield Figure(
        f"import of {measured:,} patients", measured / importing, "rows/s", measured / copying, _WANTED
    )


def _import(staff: Caller, people: Sequence[Contact], numbers: range) -> float:
    """Seconds from the first part to the answer."""

    def parts() -> Iterator[imports_pb2.ImportPatientsRequest]:
        for start in range(0, len(numbers), _ROWS_IN_A_PART):
            rows = [
                imports_pb2.ImportRow(external_id=str(number), data=people[number].data)
                for number in numbers[start : start + _ROWS_IN_A_PART]
            ]
            yield imports_pb2.ImportPatientsRequest(rows=rows)

    given = list(parts())
    stub: imports_pb2_grpc.ImportServiceStub = imports_pb2_grpc.ImportServiceStub(staff.channel("identity"))
    staff.token("identity")
    begun = time.perf_counter()
    answer = stub.ImportPatients(iter(given), timeout=_SECONDS)
    took = time.perf_counter() - begun
    assert answer.created == len(numbers), answer.rejections[:3]
    return took


def _ids(connection: Connection, practice_id: str) -> set[object]:
    with connection.transaction():
        return {
            found
            for (found,) in connection.execute("SELECT id FROM patient WHERE practice_id = %s", [practice_id])
        }


def _copy(connection: Connection, practice_id: str, to_practice_id: str, ids: Sequence[object]) -> float:
    """Seconds of COPY, all in one transaction, of these records' rows as rows of another practice."""
    taken = {table: _taken(connection, table, practice_id, to_practice_id, ids) for table in _OWNED}
    begun = time.perf_counter()
    with connection.transaction():
        for table, (columns, content) in taken.items():
            into = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(sql.Identifier(table), columns)
            with connection.cursor().copy(into) as copy:
                copy.write(content)
    return time.perf_counter() - begun


def _taken(
    connection: Connection, table: str, practice_id: str, to_practice_id: str, ids: Sequence[object]
) -> tuple[sql.Composable, bytes]:
    """The columns, and the rows as COPY writes them."""
    with connection.transaction():
        names = [sql.Identifier(name) for (name,) in connection.execute(_COLUMNS, {"table": table})]
        others = sql.SQL(", ").join(names)
        rows = sql.SQL(
            "COPY (SELECT {}::uuid, {} FROM {} WHERE practice_id = {} AND {} = ANY ({}))"
            " TO STDOUT (FORMAT binary)"
        ).format(
            sql.Literal(to_practice_id),
            others,
            sql.Identifier(table),
            sql.Literal(practice_id),
            sql.Identifier(_OWNED[table]),
            sql.Literal(list(ids)),
        )
        with connection.cursor().copy(rows) as copy:
            content = b"".join(bytes(part) for part in copy)
    return sql.SQL(", ").join([sql.Identifier("practice_id"), *names]), content
