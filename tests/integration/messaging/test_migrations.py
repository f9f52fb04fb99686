"""A database that already holds messages is brought up to date with what follows from them."""

import shutil
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

from chassis.migrations import migrate
from deploy.local.postgres import Postgres

_SCRIPTS = Path("services/messaging/migrations")
_BEFORE = """
SET CONSTRAINTS ALL DEFERRED;
INSERT INTO conversation (practice_id, id, patient_id, newest_message_id, newest_at, unread_answers)
SELECT practice, md5('c' || practice)::uuid, md5('p')::uuid, md5('5')::uuid, '2026-01-01', 1
FROM unnest(ARRAY[md5('one')::uuid, md5('two')::uuid]) AS practice;
INSERT INTO message (
    practice_id, id, conversation_id, patient_id, direction, purpose, author_kind, author_id, subject, body,
    sent_at, in_reply_to, attachment_count, tick, read_at, failed_at
)
SELECT
    practice_id, md5(n::text)::uuid, id, patient_id, direction, purpose, 1, md5('author' || direction)::uuid,
    subject, '', '2026-01-01', CASE direction WHEN 2 THEN md5('1')::uuid END, 0, tick, read_at, failed_at
FROM conversation, (VALUES
    (1, 1, 1, ''::bytea, 4, '2026-01-02'::timestamptz, NULL::timestamptz),
    (2, 1, 1, '', 5, NULL, '2026-01-03'),
    (3, 1, 1, '', 2, NULL, NULL),
    (4, 2, NULL, NULL, 4, '2026-01-02', NULL),
    (5, 2, NULL, NULL, 2, NULL, NULL)
) AS given (n, direction, purpose, subject, tick, read_at, failed_at);
"""
_AFTER = """
SELECT message_id = md5('2')::uuid AS second, kind, since::date::text AS since, due_at::date::text AS due
FROM unread_message ORDER BY practice_id, kind
"""


def test_what_is_unread_is_found_in_the_messages_of_all_practices(postgres: Postgres, tmp_path: Path) -> None:
    urls = postgres.temporary_database()
    (tmp_path / "versions").mkdir()
    shutil.copy(_SCRIPTS / "versions" / "0001_conversations.py", tmp_path / "versions")
    role = make_url(urls.app).username or ""
    migrate(urls.owner, tmp_path, role)
    url = make_url(postgres.superuser_url).set(
        database=make_url(urls.owner).database, drivername="postgresql+psycopg"
    )
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql(_BEFORE)
    migrate(urls.owner, _SCRIPTS, role)
    with engine.begin() as connection:
        rows = [tuple(row) for row in connection.execute(text(_AFTER))]
        authors = connection.execute(text("SELECT author_id = md5('author1')::uuid FROM conversation_author"))
        assert authors.scalars().all() == [True, True]
        forced = "SELECT bool_and(relforcerowsecurity) FROM pg_class WHERE relname LIKE '%message'"
        assert connection.execute(text(forced)).scalar_one() is True
    engine.dispose()
    expected = [
        (False, 1, "2026-01-01", None),
        (True, 2, "2026-01-03", "2026-01-08"),
        (False, 3, "2026-01-08", "2026-01-08"),
    ]
    assert rows == expected * 2
