"""Holds back what follows from messages, so that only what a caller waits for is measured."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy import make_url

from deploy.local.system import System

_WORKER = "messaging-worker"


@contextmanager
def held_back(system: System) -> Iterator[None]:
    """Inside the block messaging publishes nothing; what it recorded there for publishing is dropped, since
    the prompts of so many messages would go on for longer than all benchmarks together.
    """
    system.processes[_WORKER].stop()
    try:
        yield
    finally:
        superuser = make_url(system.stores.postgres.superuser_url).set(database="messaging")
        with psycopg.connect(superuser.render_as_string(hide_password=False)) as connection:
            connection.execute("DELETE FROM outbox WHERE published_at IS NULL")
        system.restart(_WORKER)
