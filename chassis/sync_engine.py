"""The database for code that blocks: the relay's thread and the intake's green threads."""

from sqlalchemy import Engine, create_engine, make_url

_SESSION = "-c statement_timeout=15000 -c lock_timeout=5000 -c idle_in_transaction_session_timeout=60000"
_UNANSWERED_MS = 10_000


def sync_engine(url: str, pool_size: int) -> Engine:
    """An engine over psycopg whose connects, statements, lock waits and unanswered packets all end."""
    return create_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        hide_parameters=True,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=5,
        pool_pre_ping=True,
        connect_args={"connect_timeout": 5, "tcp_user_timeout": _UNANSWERED_MS, "options": _SESSION},
    )
