"""Holds back what follows from messages and imports, so that only what a caller waits for is measured."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy import make_url

from deploy.local.system import System
from deploy.local.waiting import until

_SECONDS = 600.0


@contextmanager
def held_back(system: System, service: str = "messaging") -> Iterator[None]:
    """Inside the block the service publishes nothing; what it recorded there for publishing is dropped, since
    the prompts of so many messages would go on for longer than all benchmarks together.
    """
    worker = f"{service}-worker"
    superuser = make_url(system.stores.postgres.superuser_url).set(database=service)
    url = superuser.render_as_string(hide_password=False)
    until(lambda: not _unpublished(url), f"{service} has published what was before", _SECONDS)
    system.processes[worker].stop()
    try:
        yield
    finally:
        with psycopg.connect(url) as connection:
            connection.execute("DELETE FROM outbox WHERE published_at IS NULL")
        system.restart(worker)


def _unpublished(url: str) -> bool:
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT EXISTS (SELECT FROM outbox WHERE published_at IS NULL)").fetchone()
    return found == (True,)
