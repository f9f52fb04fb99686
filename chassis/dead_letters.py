"""The command that shows the events a service has given up, and drives them again."""

import argparse
import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update

from chassis.database import Database, wake_after_commit
from chassis.tables import INBOX_CHANNEL, TABLES

_INBOX = TABLES.inbox
_DEAD = _INBOX.c.state == "dead"


async def run(database: Database, program: str, arguments: Sequence[str]) -> None:
    """Carry out `list`, `redrive EVENT_ID…` or `redrive --all` and print what was found or done."""
    options = _parser(program).parse_args(arguments)
    if options.command == "list":
        for line in await dead_events(database):
            print(json.dumps(line))
    else:
        print(f"{await redrive(database, None if options.all else options.event_ids)} driven again")


async def dead_events(database: Database) -> list[dict[str, Any]]:
    """The dead events, oldest first: ids, type, times, and where in the code the last try failed."""
    columns = (_INBOX.c.event_id, _INBOX.c.type, _INBOX.c.received_at, _INBOX.c.attempts, _INBOX.c.error)
    async with database.transaction() as tx:
        rows = (await tx.execute(select(*columns).where(_DEAD).order_by(_INBOX.c.received_at))).all()
    return [
        {
            "event_id": str(row.event_id),
            "type": row.type,
            "received_at": row.received_at.isoformat(),
            "attempts": row.attempts,
            "error": json.loads(row.error),
        }
        for row in rows
    ]


async def redrive(database: Database, event_ids: Sequence[UUID] | None) -> int:
    """Give these dead events, or all with None, five more tries, beginning now; says how many there were."""
    chosen = _DEAD if event_ids is None else _DEAD & _INBOX.c.event_id.in_(event_ids)
    again = {"state": "pending", "attempts": 0, "next_try": func.now()}
    async with database.transaction() as tx:
        wake_after_commit(tx, INBOX_CHANNEL)
        return (await tx.execute(update(_INBOX).where(chosen).values(again))).rowcount


def _parser(program: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=program, description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="show the events that were given up, one JSON object a line")
    again = commands.add_parser("redrive", help="give events that were given up five more tries")
    which = again.add_mutually_exclusive_group(required=True)
    which.add_argument("event_ids", nargs="*", type=UUID, default=[], metavar="EVENT_ID")
    which.add_argument("--all", action="store_true")
    return parser
