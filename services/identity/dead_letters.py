"""The command that shows the events identity has given up, and drives them again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chassis import dead_letters
from chassis.database import Database
from chassis.settings import Secret, load
from services.identity.bus import SERVICE


@dataclass(frozen=True)
class DeadLetterSettings:
    """What the command reads from the environment."""

    database_url: Secret


async def run(environ: Mapping[str, str], arguments: Sequence[str]) -> None:
    """Carry out the command that the arguments name."""
    database = Database(load(DeadLetterSettings, environ).database_url, pool_size=1)
    try:
        await dead_letters.run(database, f"{SERVICE} dead-letters", arguments)
    finally:
        await database.close()
