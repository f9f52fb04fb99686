"""Holds back what follows from messages and imports, so that only what a caller waits for is measured."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy import make_url

from deploy.local.system import System


@contextmanager
def held_back(system: System, service: str = "messaging") -> Iterator[None]:
    """Inside the block the service publishes nothing; what it recorded there for publishing is dropped, since
    the prompts of so many messages would go on for longer than all benchmarks together.
    """
    worker = f"{service}-worker"
    system.processes[worker].stop()
    try:
        yield
    finally:
        superuser = make_url(system.stores.postgres.superuser_url).set(database=service)
        with psycopg.connect(superuser.render_as_string(hide_password=False)) as connection:
            connection.execute("DELETE FROM outbox WHERE published_at IS NULL")
        system.restart(worker)
