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


def _flag(name: str) -> Column[object]:
    return Column(name, Boolean, nullable=False, server_default=text("false"))


conversation: Final = Table(
    "conversation",
    metadata,
    _id("practice_id"),
    _id("id"),
    _id("patient_id"),
    _id("newest_message_id"),
    _time("newest_at"),
    Column("unread_answers", Integer, nullable=False),
    Column("state", SmallInteger, nullable=False, server_default=text("1")),
    _id("assigned_to", nullable=True),
    _id("left_by", nullable=True),
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
    Index(
        "conversation_open",
        "practice_id",
        text("newest_at DESC"),
        text("id DESC"),
        postgresql_where=text("state = 1"),
    ),
    Index(
        "conversation_assigned",
        "practice_id",
        "assigned_to",
        "state",
        text("newest_at DESC"),
        text("id DESC"),
        postgresql_where=text("assigned_to IS NOT NULL"),
    ),
    Index("conversation_left", "practice_id", "left_by", "id", postgresql_where=text("left_by IS NOT NULL")),
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
    _time("delayed_at", nullable=True),
    Column("attachments_opened", SmallInteger, nullable=False, server_default=text("0")),
    _time("released_at", nullable=True),
    Column("legal_basis", Integer, nullable=False, server_default=text("0")),
    _time("due_at", nullable=True),
    _time("withdrawn_at", nullable=True),
    _number("withdrawal_reason", nullable=True),
    _time("replies_closed_at", nullable=True),
    _time("erased_at", nullable=True),
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

draft: Final = Table(
    "draft",
    metadata,
    _id("practice_id"),
    _id("id"),
    _id("patient_id"),
    Column("version", BigInteger, nullable=False),
    _number("purpose", nullable=True),
    Column("subject", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("reply_allowed", Boolean, nullable=False),
    _number("reply_period_days"),
    _time("due_at", nullable=True),
    _number("attachment_count"),
    _id("created_by"),
    _time("created_at"),
    _id("saved_by"),
    _time("saved_at"),
    PrimaryKeyConstraint("practice_id", "id", name="draft_pkey"),
    Index("draft_newest", "practice_id", text("saved_at DESC"), text("id DESC")),
)

draft_attachment: Final = Table(
    "draft_attachment",
    metadata,
    _id("practice_id"),
    _id("draft_id"),
    _number("position"),
    _id("attachment_id"),
    Column("file_name", LargeBinary, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    PrimaryKeyConstraint("practice_id", "draft_id", "position", name="draft_attachment_pkey"),
    UniqueConstraint("practice_id", "attachment_id", name="draft_attachment_attachment_key"),
    ForeignKeyConstraint(
        ["practice_id", "draft_id"], ["draft.practice_id", "draft.id"], name="draft_attachment_draft_fkey"
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
    _id("prompt_id", nullable=True),
    _id("attachment_id", nullable=True),
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
    _id("conversation_id", nullable=True),
    _id("message_id", nullable=True),
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
    _flag("objected"),
    _flag("deceased"),
    _flag("archived"),
    Column("prompted_version", BigInteger),
    PrimaryKeyConstraint("practice_id", "patient_id", name="patient_state_pkey"),
)

recent_text: Final = Table(
    "recent_text",
    metadata,
    _id("practice_id"),
    Column("text_hash", LargeBinary, nullable=False),
    _id("patient_id"),
    _time("used_at"),
    PrimaryKeyConstraint("practice_id", "text_hash", "patient_id", name="recent_text_pkey"),
    Index("recent_text_age", "used_at"),
)

held_message: Final = Table(
    "held_message",
    metadata,
    _id("practice_id"),
    _id("message_id"),
    Column("text_hash", LargeBinary, nullable=False),
    _time("held_at"),
    _time("decided_at", nullable=True),
    _id("decided_by", nullable=True),
    Column("confirmed", Boolean),
    Column("reason", LargeBinary),
    PrimaryKeyConstraint("practice_id", "message_id", name="held_message_pkey"),
    ForeignKeyConstraint(
        ["practice_id", "message_id"], ["message.practice_id", "message.id"], name="held_message_message_fkey"
    ),
    Index("held_message_text", "practice_id", "text_hash"),
    Index(
        "held_message_waiting",
        "practice_id",
        "held_at",
        "message_id",
        postgresql_where=text("decided_at IS NULL"),
    ),
)

# Version 0 is the one that every practice begins with, and stands in the code.
legal_basis: Final = Table(
    "legal_basis",
    metadata,
    _id("practice_id"),
    Column("version", Integer, nullable=False),
    Column("text", Text, nullable=False),
    _time("set_at"),
    _id("set_by"),
    PrimaryKeyConstraint("practice_id", "version", name="legal_basis_pkey"),
)

# What nobody of the other side has opened yet: derived from messages and receipts in their transactions.
unread_message: Final = Table(
    "unread_message",
    metadata,
    _id("practice_id"),
    _id("message_id"),
    _id("conversation_id"),
    _id("patient_id"),
    _number("kind"),
    _time("since"),
    _time("due_at", nullable=True),
    _time("settled_at", nullable=True),
    PrimaryKeyConstraint("practice_id", "message_id", name="unread_message_pkey"),
    ForeignKeyConstraint(
        ["practice_id", "message_id"], ["message.practice_id", "message.id"], name="unread_message_fkey"
    ),
    Index("unread_message_conversation", "practice_id", "conversation_id"),
    Index(
        "unread_message_task",
        "practice_id",
        "kind",
        "since",
        "message_id",
        postgresql_where=text("settled_at IS NULL"),
    ),
    Index(
        "unread_message_due",
        "practice_id",
        "due_at",
        "message_id",
        postgresql_where=text("settled_at IS NULL AND due_at IS NOT NULL"),
    ),
)

# Who of the practice has written in which conversation.
conversation_author: Final = Table(
    "conversation_author",
    metadata,
    _id("practice_id"),
    _id("author_id"),
    _id("conversation_id"),
    PrimaryKeyConstraint("practice_id", "author_id", "conversation_id", name="conversation_author_pkey"),
    ForeignKeyConstraint(
        ["practice_id", "conversation_id"],
        ["conversation.practice_id", "conversation.id"],
        name="conversation_author_conversation_fkey",
    ),
)

answering: Final = Table(
    "answering",
    metadata,
    _id("practice_id"),
    _id("conversation_id"),
    _id("staff_id"),
    _time("until"),
    PrimaryKeyConstraint("practice_id", "conversation_id", "staff_id", name="answering_pkey"),
    ForeignKeyConstraint(
        ["practice_id", "conversation_id"],
        ["conversation.practice_id", "conversation.id"],
        name="answering_conversation_fkey",
    ),
)

staff_state: Final = Table(
    "staff_state",
    metadata,
    _id("practice_id"),
    _id("staff_id"),
    Column("version", BigInteger, nullable=False),
    Column("disabled", Boolean, nullable=False),
    PrimaryKeyConstraint("practice_id", "staff_id", name="staff_state_pkey"),
)

# identity's tasks; a closed one stays, so that its opening cannot come after its end.
identity_task: Final = Table(
    "identity_task",
    metadata,
    _id("practice_id"),
    _id("id"),
    _id("patient_id"),
    _number("kind"),
    _time("opened_at"),
    Column("closed", Boolean, nullable=False),
    PrimaryKeyConstraint("practice_id", "id", name="identity_task_pkey"),
    Index(
        "identity_task_open",
        "practice_id",
        "kind",
        "opened_at",
        "id",
        postgresql_where=text("NOT closed"),
    ),
)
