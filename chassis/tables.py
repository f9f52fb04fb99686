"""The tables that the chassis keeps in every service's database."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

# Channels on which PostgreSQL's NOTIFY says that there is something new in the table.
OUTBOX_CHANNEL = "praxispost_outbox"
INBOX_CHANNEL = "praxispost_inbox"
# The tenant of events of which the table does not say whose they are.
NOBODY = UUID(int=0)


@dataclass(frozen=True, slots=True)
class ChassisTables:
    """The four tables, all defined on one MetaData."""

    outbox: Table
    inbox: Table
    request: Table
    audit: Table


def define(metadata: MetaData) -> ChassisTables:
    """Define the chassis' tables on a service's MetaData, to compare it with the migrated schema."""
    return ChassisTables(
        outbox=_outbox(metadata), inbox=_inbox(metadata), request=_request(metadata), audit=_audit(metadata)
    )


def _time(name: str, *, nullable: bool = False) -> Column[object]:
    default = None if nullable else text("now()")
    return Column(name, DateTime(timezone=True), nullable=nullable, server_default=default)


def _outbox(metadata: MetaData) -> Table:
    """Events that are to be published; no row-level security: the relay serves every tenant at once."""
    return Table(
        "outbox",
        metadata,
        Column("id", BigInteger, Identity(always=True), primary_key=True),
        Column("event_id", Uuid, nullable=False),
        Column("type", Text, nullable=False),
        Column("envelope", LargeBinary, nullable=False),
        _time("recorded_at"),
        _time("next_try"),
        Column("attempts", Integer, nullable=False, server_default=text("0")),
        _time("published_at", nullable=True),
        UniqueConstraint("event_id", name="outbox_event_id_key"),
        Index("outbox_pending", "id", postgresql_where=text("published_at IS NULL")),
        Index("outbox_published", "published_at", postgresql_where=text("published_at IS NOT NULL")),
    )


def _inbox(metadata: MetaData) -> Table:
    """Events that arrived; no row-level security: the tenant is known only from the row itself.

    The column `tenant_id` says whose turn an event is part of; what counts is the tenant in its envelope.
    """
    return Table(
        "inbox",
        metadata,
        Column("consumer", Text, primary_key=True),
        Column("event_id", Uuid, primary_key=True),
        Column("type", Text, nullable=False),
        Column("envelope", LargeBinary, nullable=False),
        _time("received_at"),
        _time("next_try"),
        Column("attempts", Integer, nullable=False, server_default=text("0")),
        Column("state", Text, nullable=False, server_default=text("'pending'")),
        _time("done_at", nullable=True),
        Column("error", Text, nullable=False, server_default=text("''")),
        Column("tenant_id", Uuid, nullable=False, server_default=text(f"'{NOBODY}'")),
        Index("inbox_pending", "consumer", "next_try", postgresql_where=text("state = 'pending'")),
        Index("inbox_turn", "consumer", "tenant_id", "next_try", postgresql_where=text("state = 'pending'")),
        Index("inbox_dead", "consumer", postgresql_where=text("state = 'dead'")),
        Index("inbox_done", "done_at", postgresql_where=text("state = 'done'")),
    )


def _request(metadata: MetaData) -> Table:
    """Requests that were carried out, with their answers; a platform-level one has the nil UUID as tenant."""
    return Table(
        "request",
        metadata,
        Column("tenant_id", Uuid, primary_key=True),
        Column("actor_id", Uuid, primary_key=True),
        Column("rpc", Text, primary_key=True),
        Column("request_id", Uuid, primary_key=True),
        Column("request_hash", LargeBinary, nullable=False),
        Column("response", LargeBinary, nullable=True),
        _time("recorded_at"),
        Index("request_by_time", "recorded_at"),
    )


def _audit(metadata: MetaData) -> Table:
    """Who did what to which object, when and why; services may only add to it."""
    return Table(
        "audit",
        metadata,
        Column("id", BigInteger, Identity(always=True), primary_key=True),
        Column("tenant_id", Uuid, nullable=False),
        _time("occurred_at"),
        Column("actor_id", Uuid, nullable=False),
        Column("actor_role", Text, nullable=False),
        Column("action", Text, nullable=False),
        Column("object_kind", Text, nullable=False),
        Column("object_id", Uuid, nullable=False),
        Column("why", Text, nullable=False, server_default=text("''")),
        Index("audit_object", "tenant_id", "object_kind", "object_id", "id"),
    )


# The chassis' own statements are written against these; a service's MetaData has equal ones.
TABLES = define(MetaData())
