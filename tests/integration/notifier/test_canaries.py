"""That nothing personal is logged, published or stored on the way of a prompt, whatever goes wrong."""

import logging
from datetime import timedelta

import psycopg
import pytest
from psycopg import sql

from chassis import logs
from chassis.database import Database
from services.notifier.language import Language
from services.notifier.prompts.contacts import Contact
from tests.integration.notifier.conftest import Urls
from tests.integration.notifier.mail_server import mail_server
from tests.integration.notifier.sending import (
    Clock,
    People,
    deliver,
    message_sent,
    until_attempts,
    until_prompts,
    wake_sender,
    working,
)

_ADDRESS = "kanarienvogel@mail.example"
_GOOD = Contact(_ADDRESS, 1, Language.GERMAN, "Praxis Kanarienhahn", "030 99887766")
_HOSTILE = Contact(_ADDRESS, 1, Language.GERMAN, "Praxis\nKanarienhahn", "030 99887766")
_BROKEN = Contact(f"{_ADDRESS} Kanarienhenne", 1, Language.GERMAN, "Praxis", "")
_CANARIES = ("anarien", "99887766")


def _dump(urls: Urls) -> str:
    """Every row of every table."""
    with psycopg.connect(urls.admin) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        rows = [
            connection.execute(sql.SQL("SELECT t::text FROM {} t").format(sql.Identifier(table))).fetchall()
            for (table,) in tables
        ]
    return str(rows)


async def test_nothing_personal_is_left_behind(
    database: Database, notifier_urls: Urls, own_logging: None, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure("notifier", "worker", "debug")
    logging.getLogger().setLevel(logging.DEBUG)
    clock = Clock()
    people = People(ValueError(f"a bug that quotes {_ADDRESS}"), _HOSTILE, _GOOD, _GOOD, _BROKEN)
    async with (
        mail_server() as server,
        working(database, notifier_urls.app, people, server.port, clock=clock),
    ):
        server.at_rcpt.append(f"451 4.7.1 <{_ADDRESS}>: Kanarienhahn is greylisted")
        await deliver(database, message_sent())
        for count in range(1, 4):
            await until_attempts(database, count)
            clock.ahead += timedelta(minutes=1)
            await wake_sender(database)
        await until_prompts(database, lambda rows: rows[0].state == "accepted")
        await deliver(database, message_sent())
        await until_prompts(database, lambda rows: [row.state for row in rows] == ["accepted", "failed"])
    written, stored = capsys.readouterr().err, _dump(notifier_urls)
    assert written.count('"prompt attempted"') == 5
    assert "notifier.prompt_accepted" in stored
    for canary in _CANARIES:
        assert canary not in written
        assert canary not in stored
        assert canary.encode().hex() not in stored
