"""Fills a database of messaging with so many messages of two years, as fast as PostgreSQL makes them.

Rows are as large and lie in the same order as if the service had written them while they came; what is never
opened is noise of the same size instead of ciphertext.
"""

import asyncio
import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, LiteralString
from uuid import UUID

import psycopg
from psycopg import sql

from chassis.data_keys import DataKeys
from chassis.keys import FileWrappingKeys, KeyDatabase, Keys
from services.messaging.messages.content_keys import ContentKeys
from services.messaging.messages.sealing import ContentSealer

Connection = psycopg.Connection[Any]

_ROWS_AT_ONCE: Final = 250_000
_NOISE_BYTES: Final = 65_536


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose lists are measured. Every other message of the practice is the patient's, each of the rest is the
    only one of its conversation."""

    practice_id: UUID
    patient_id: UUID


@dataclass(frozen=True, slots=True)
class KeyPlace:
    """Where the service finds its keys: `database_url` is `postgresql://…`."""

    database_url: str
    wrapping_keys: Path


@dataclass(frozen=True, slots=True)
class Sealed:
    """What is opened of one of the practice's messages, which are counted back from the newest."""

    number: int
    key_id: UUID
    subject: bytes
    body: bytes


@dataclass(frozen=True, slots=True)
class Size:
    """How many messages there are in all; those that are the practice's own are a part without rest."""

    messages: int
    own: int


def seal(owner: Owner, keys: KeyPlace, count: int) -> list[Sealed]:
    """So many of the practice's newest messages, under keys that the service finds."""
    return asyncio.run(_seal(owner, keys, count))


def fill(url: str, owner: Owner, sealed: Sequence[Sealed], size: Size) -> None:
    """Make an empty database hold so many messages, the practice's among those of others, and what else the
    lists read of them. `url` (`postgresql://…`) is that of somebody whom the policies let pass."""
    values = _values(owner, size)
    with psycopg.connect(url, autocommit=True) as connection:
        for setting in _SETTINGS:
            connection.execute(setting)
        connection.execute(_ID)
        _keep_sealed(connection, sealed)
        with _without_indexes(connection):
            for first in range(1, size.messages + 1, _ROWS_AT_ONCE):
                last = min(first + _ROWS_AT_ONCE - 1, size.messages)
                connection.execute(_filled_in(_MESSAGES, {**values, "first": first, "last": last}))
            connection.execute(_filled_in(_CONVERSATIONS, values))
        connection.execute(_filled_in(_ANSWERS, values))
        connection.execute(_UNREAD)
        connection.execute("VACUUM (ANALYZE) message, conversation, unread_message")


def _values(owner: Owner, size: Size) -> dict[str, object]:
    """What the statements depend on, as constants: so nothing of it is looked up for each row."""
    others = size.messages - size.own
    return {
        "practice": owner.practice_id,
        "patient": owner.patient_id,
        "author": _id("author", 1),
        "noise": os.urandom(_NOISE_BYTES),
        "until": datetime.now(UTC),
        "pause": timedelta(days=730) / size.messages,
        "messages": size.messages,
        "own": size.own,
        "step": size.messages // size.own,
        "others": others,
        "conversations": max(others // 8, 1),
        "practices": max(others // 2000, 1),
    }


def _filled_in(statement: LiteralString, values: Mapping[str, object]) -> sql.Composed:
    return sql.SQL(statement).format(**{name: sql.Literal(value) for name, value in values.items()})


_SETTINGS: Final[tuple[LiteralString, ...]] = (
    "SET session_replication_role = replica",  # each row's foreign keys are not looked up
    "SET maintenance_work_mem = '512MB'",
    "SET synchronous_commit = off",
)

# Functions that are inlined, which they are only with nothing less than immutable in them.
_ID: Final[LiteralString] = """
CREATE FUNCTION pg_temp.id(kind text, number bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS
    $$SELECT md5(kind || number::text)::uuid$$
"""
# `place` counts all messages from the oldest, `number` the practice's own back from the newest. With OFFSET 0
# each value is made once, however often it is used.
_MESSAGES: Final[LiteralString] = """
INSERT INTO message (
    practice_id, id, conversation_id, patient_id, direction, purpose, author_kind, author_id, subject, body,
    sent_at, reply_until, in_reply_to, attachment_count, tick, prompt_accepted_at, received_at,
    received_evidence, read_at, read_by, key_id
)
SELECT
    practice, id, conversation, patient, 1, 1, 1, {author},
    coalesce(known.subject, substr({noise}, piece, 60)), coalesce(known.body, substr({noise}, piece, 533)),
    at, at + interval '14 days', NULL, 0,
    CASE WHEN unread THEN 3 ELSE 4 END, at, at + interval '1 hour', 1,
    CASE WHEN NOT unread THEN at + interval '2 hours' END, CASE WHEN NOT unread THEN 1 END,
    coalesce(known.key_id, id)
FROM (
    SELECT
        CASE WHEN is_own THEN {practice} ELSE pg_temp.id('practice', other % {practices}) END AS practice,
        CASE
            WHEN NOT is_own THEN pg_temp.id('other conversation', other)
            WHEN number % 2 = 0 THEN {patient}
            ELSE pg_temp.id('conversation', number)
        END AS conversation,
        CASE
            WHEN NOT is_own THEN pg_temp.id('other patient', other)
            WHEN number % 2 = 0 THEN {patient}
            ELSE pg_temp.id('patient', number)
        END AS patient,
        CASE WHEN is_own THEN pg_temp.id('message', number) ELSE pg_temp.id('other', place) END AS id,
        CASE
            WHEN is_own AND number % 2 = 0 THEN number BETWEEN 1 AND 40
            ELSE number % 50 = 1
        END AS unread,
        at, piece, is_own, number
    FROM (
        SELECT
            place, place % {step} = 0 AS is_own, {own} - place / {step} AS number,
            (place - place / {step}) % {conversations} AS other,
            {until} - ({messages} - place) * {pause} AS at, (1 + place * 37 % 65000)::integer AS piece
        FROM generate_series({first}::bigint, {last}::bigint) AS place
        OFFSET 0
    ) AS placed
    OFFSET 0
) AS made
LEFT JOIN sealed AS known ON is_own AND known.place = number
"""
# Every fifth message of the patient answers the one before.
_ANSWERS: Final[LiteralString] = """
UPDATE message
SET
    direction = 2, purpose = NULL, author_kind = 2, subject = NULL,
    in_reply_to = pg_temp.id('message', number + 2), reply_until = NULL, received_at = NULL,
    received_evidence = NULL, tick = 4, read_at = coalesce(read_at, sent_at), read_by = 3
FROM generate_series(0, {own} - 10, 10) AS number
WHERE practice_id = {practice} AND id = pg_temp.id('message', number)
"""
_CONVERSATIONS: Final[LiteralString] = """
INSERT INTO conversation (practice_id, id, patient_id, newest_message_id, newest_at, unread_answers)
SELECT
    {practice}, CASE number WHEN 0 THEN {patient} ELSE pg_temp.id('conversation', number) END,
    CASE number WHEN 0 THEN {patient} ELSE pg_temp.id('patient', number) END,
    pg_temp.id('message', number), {until} - ({messages} - ({own} - number) * {step}) * {pause}, 0
FROM generate_series(0, {own} - 1) AS number WHERE number = 0 OR number % 2 = 1
UNION ALL
SELECT
    pg_temp.id('practice', other % {practices}), pg_temp.id('other conversation', other),
    pg_temp.id('other patient', other), pg_temp.id('other', place),
    {until} - ({messages} - place) * {pause}, 0
FROM
    generate_series(0, {conversations} - 1) AS other,
    LATERAL (SELECT {others} - ({others} - other) % {conversations} AS counted) AS newest,
    LATERAL (SELECT counted + (counted - 1) / nullif({step} - 1, 0) AS place) AS placed
WHERE {others} > 0
"""
_UNREAD: Final[LiteralString] = """
INSERT INTO unread_message (practice_id, message_id, conversation_id, patient_id, kind, since, due_at)
SELECT practice_id, id, conversation_id, patient_id, 3, due.at, due.at
FROM message, LATERAL (SELECT sent_at + interval '7 days' AS at) AS due
WHERE read_at IS NULL
"""

# First what refers, then what is referred to; made again in the opposite order, without a look at each row.
_CONSTRAINTS: Final[LiteralString] = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), contype = 'f'
FROM pg_constraint
WHERE contype IN ('f', 'p', 'u')
    AND conrelid = ANY (%(tables)s::regclass[]) OR confrelid = ANY (%(tables)s::regclass[])
ORDER BY contype = 'f' DESC
"""
_INDEXES: Final[LiteralString] = """
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid)
FROM pg_index LEFT JOIN pg_constraint ON conindid = indexrelid AND contype IN ('p', 'u')
WHERE indrelid = ANY (%(tables)s::regclass[]) AND conindid IS NULL
"""
_FILLED: Final = {"tables": ["message", "conversation"]}


@contextmanager
def _without_indexes(connection: Connection) -> Iterator[None]:
    """Rows are added without indexes, which are made of all rows at once: random ids would make each index be
    read and written again and again."""
    constraints = connection.execute(_CONSTRAINTS, _FILLED).fetchall()
    indexes = connection.execute(_INDEXES, _FILLED).fetchall()
    for table, name, _, _ in constraints:
        connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    for name, _ in indexes:
        connection.execute(f"DROP INDEX {name}")
    yield
    for _, definition in indexes:
        connection.execute(definition)
    for table, name, definition, refers in reversed(constraints):
        unchecked = "NOT VALID" if refers else ""
        connection.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition} {unchecked}")


def _keep_sealed(connection: Connection, sealed: Sequence[Sealed]) -> None:
    connection.execute(
        "CREATE TEMPORARY TABLE sealed (place bigint PRIMARY KEY, key_id uuid, subject bytea, body bytea)"
    )
    with connection.cursor().copy("COPY sealed FROM STDIN") as copy:
        for each in sealed:
            copy.write_row((each.number, each.key_id, each.subject, each.body))
    connection.execute("ANALYZE sealed")


async def _seal(owner: Owner, place: KeyPlace, count: int) -> list[Sealed]:
    database = KeyDatabase(place.database_url)
    wrapping = FileWrappingKeys(place.wrapping_keys)
    keys = Keys(database, wrapping)
    content_keys = ContentKeys(keys, DataKeys(database, wrapping))
    try:
        await keys.sealers([_patient(owner, number) for number in range(count)])
        return [await _sealed(content_keys, owner, number) for number in range(count)]
    finally:
        await database.close()


async def _sealed(content_keys: ContentKeys, owner: Owner, number: int) -> Sealed:
    patient_id = _patient(owner, number)
    key_id, sealer = await content_keys.new(patient_id)
    content = ContentSealer(sealer, owner.practice_id, patient_id, _id("message", number))
    subject = content.seal_subject(f"Ihre Befunde, Nachricht {number}")
    assert subject is not None
    return Sealed(number, key_id, subject, content.seal_body(f"Ihr Wert ist {number}. ".ljust(500, "x")))


def _patient(owner: Owner, number: int) -> UUID:
    return owner.patient_id if number % 2 == 0 else _id("patient", number)


def _id(kind: str, number: int) -> UUID:
    """As `pg_temp.id` makes it."""
    return UUID(hashlib.md5(f"{kind}{number}".encode(), usedforsecurity=False).hexdigest())
