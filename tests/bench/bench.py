"""What every part of the benchmarks gets, and what it is."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

import psycopg
from sqlalchemy import URL, make_url

from deploy.local.system import System
from tests.bench.figures import Figure
from tests.browser.house import House


@dataclass(frozen=True, slots=True)
class Bench:
    """A whole system of the benchmarks' own and the people in it; `short` asks for the form of few seconds
    that shows that the part works, and whose figures say little."""

    system: System
    house: House
    short: bool

    def settle(self) -> None:
        """Give PostgreSQL the statistics of what has been filled in, as autovacuum does once a minute.

        Plans from before, for tables that were empty, read all of a practice's rows where one is looked for.
        """
        postgres = make_url(self.system.stores.postgres.superuser_url)
        with _connected(postgres) as connection:
            names = connection.execute("SELECT datname FROM pg_database WHERE NOT datistemplate").fetchall()
        for (name,) in names:
            with _connected(postgres.set(database=name)) as connection:
                connection.execute("ANALYZE")

    def tell(self, text: str) -> None:
        """Say how far a part is."""
        print(f"  {text}", flush=True)


def _connected(url: URL) -> psycopg.Connection[Any]:
    return psycopg.connect(url.render_as_string(hide_password=False), autocommit=True)


# Measures one thing, with its baseline in the same minutes.
Part: TypeAlias = Callable[[Bench], Iterable[Figure]]
