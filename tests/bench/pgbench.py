"""What PostgreSQL alone does with the rows of a message, one hand-written statement each."""

import os
import re
import subprocess
from pathlib import Path
from typing import Final

from sqlalchemy import make_url

from deploy.local.postgres import BINARIES, Postgres

_SCRIPT: Final = Path(__file__).with_name("hand_written.sql")
_RATE: Final = re.compile(r"tps = ([\d.]+)")


def sends_per_second(postgres: Postgres, clients: int, each: int) -> float:
    """Transactions per second of so many clients at once, and so many of each, without the time to connect.

    Each is one message of one of 1,000 practices.
    As superuser: no row-level security, which is the services' own care.
    """
    url = make_url(postgres.superuser_url).set(database="messaging")
    command = [
        str(BINARIES / "pgbench"),
        "--no-vacuum",
        "--protocol=prepared",
        f"--client={clients}",
        "--jobs=2",
        f"--transactions={each}",
        f"--file={_SCRIPT}",
        f"--host={url.host}",
        f"--port={url.port}",
        f"--username={url.username}",
        str(url.database),
    ]
    environment = {**os.environ, "PGPASSWORD": str(url.password)}
    ran = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    found = _RATE.search(ran.stdout)
    assert found is not None, ran.stdout
    return float(found[1])
