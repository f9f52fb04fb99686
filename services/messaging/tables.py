"""Messaging's tables as SQLAlchemy knows them; the migrations are what makes them."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from chassis.tables import define

metadata: Final = MetaData()
chassis_tables: Final = define(metadata)


def _id(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, Uuid, nullable=nullable)


def _time(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


def _number(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, SmallInteger, nullable=nullable)


conversation: Final = Table(
    "conversation",
    metadata,
    _id("practice_id"),
    _id("id"),
    _id("patient_id"),
    _id("newest_message_id"),
    _time("newest_at"),
    Column("unread_answers", Integer, nullable=False),
    PrimaryKeyConstraint("practice_id", "id", name="conversation_pkey"),
    UniqueConstraint("practice_id", "patient_id", name="conversation_patient_key"),
    ForeignKeyConstraint(
        ["practice_id", "newest_message_id"],
        ["message.practice_id", "message.id"],
        name="conversation_newest_fkey",
        deferrable=True,
        initially="DEFERRED",
        use_alter=True,
    ),
    Index("conversation_newest", "practice_id", text("newest_at DESC"), text("id DESC")),
)

# The columns from `tick` on are derived from receipt_fact in the transaction of the newest fact.
message: Final = Table(
    "message",
    metadata,
    _id("practice_id"),
    _id("id"),
    _id("conversation_id"),
    _id("patient_id"),
    _number("direction"),
    _number("purpose", nullable=True),
    _number("author_kind"),
    _id("author_id"),
    Column("subject", LargeBinary),
    Column("body", LargeBinary, nullable=False),
    _time("sent_at"),
    _time("reply_until", nullable=True),
    _id("in_reply_to", nullable=True),
    _number("attachment_count"),
    _number("tick"),
    _time("prompt_accepted_at", nullable=True),
    _time("received_at", nullable=True),
    _number("received_evidence", nullable=True),
    _time("read_at", nullable=True),
    _number("read_by", nullable=True),
    _time("failed_at", nullable=True),
    _number("failure", nullable=True),
    PrimaryKeyConstraint("practice_id", "id", name="message_pkey"),
    ForeignKeyConstraint(
        ["practice_id", "conversation_id"],
        ["conversation.practice_id", "conversation.id"],
        name="message_conversation_fkey",
    ),
    ForeignKeyConstraint(
        ["practice_id", "in_reply_to"], ["message.practice_id", "message.id"], name="message_in_reply_to_fkey"
    ),
    Index("message_history", "practice_id", "patient_id", text("sent_at DESC"), text("id DESC")),
)

message_attachment: Final = Table(
    "message_attachment",
    metadata,
    _id("practice_id"),
    _id("message_id"),
    _number("position"),
    _id("attachment_id"),
    Column("file_name", LargeBinary, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    PrimaryKeyConstraint("practice_id", "message_id", "position", name="message_attachment_pkey"),
    UniqueConstraint("practice_id", "attachment_id", name="message_attachment_attachment_key"),
    ForeignKeyConstraint(
        ["practice_id", "message_id"],
        ["message.practice_id", "message.id"],
        name="message_attachment_message_fkey",
    ),
)

receipt_fact: Final = Table(
    "receipt_fact",
    metadata,
    _id("practice_id"),
    _id("message_id"),
    _id("id"),
    _number("kind"),
    _time("at"),
    Column("attempt", BigInteger, nullable=False),
    Column("contact_version", BigInteger, nullable=False),
    _number("failure", nullable=True),
    _number("reader", nullable=True),
    PrimaryKeyConstraint("practice_id", "message_id", "id", name="receipt_fact_pkey"),
    ForeignKeyConstraint(
        ["practice_id", "message_id"], ["message.practice_id", "message.id"], name="receipt_fact_message_fkey"
    ),
)

change: Final = Table(
    "change",
    metadata,
    _id("practice_id"),
    Column("sequence", BigInteger, nullable=False),
    _number("kind"),
    _id("patient_id"),
    _id("conversation_id"),
    _id("message_id"),
    _time("at"),
    PrimaryKeyConstraint("practice_id", "sequence", name="change_pkey"),
    ForeignKeyConstraint(
        ["practice_id", "message_id"], ["message.practice_id", "message.id"], name="change_message_fkey"
    ),
)

practice_sequence: Final = Table(
    "practice_sequence",
    metadata,
    _id("practice_id"),
    Column("last", BigInteger, nullable=False),
    PrimaryKeyConstraint("practice_id", name="practice_sequence_pkey"),
)

patient_state: Final = Table(
    "patient_state",
    metadata,
    _id("practice_id"),
    _id("patient_id"),
    Column("version", BigInteger, nullable=False),
    Column("contact_version", BigInteger, nullable=False),
    Column("has_email", Boolean, nullable=False),
    Column("has_mobile", Boolean, nullable=False),
    Column("conflict", Boolean, nullable=False),
    Column("bound", Boolean, nullable=False),
    PrimaryKeyConstraint("practice_id", "patient_id", name="patient_state_pkey"),
)
