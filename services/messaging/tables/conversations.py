"""Conversations, messages, their receipts, and the changes that practices follow."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from services.messaging.tables.base import id_column, metadata, number_column, time_column

conversation: Final = Table(
    "conversation",
    metadata,
    id_column("practice_id"),
    id_column("id"),
    id_column("patient_id"),
    id_column("newest_message_id"),
    time_column("newest_at"),
    Column("unread_answers", Integer, nullable=False),
    Column("state", SmallInteger, nullable=False, server_default=text("1")),
    id_column("assigned_to", nullable=True),
    id_column("left_by", nullable=True),
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
    id_column("practice_id"),
    id_column("id"),
    id_column("conversation_id"),
    id_column("patient_id"),
    number_column("direction"),
    number_column("purpose", nullable=True),
    number_column("author_kind"),
    id_column("author_id"),
    Column("subject", LargeBinary),
    Column("body", LargeBinary, nullable=False),
    time_column("sent_at"),
    time_column("reply_until", nullable=True),
    id_column("in_reply_to", nullable=True),
    number_column("attachment_count"),
    number_column("tick"),
    time_column("prompt_accepted_at", nullable=True),
    time_column("received_at", nullable=True),
    number_column("received_evidence", nullable=True),
    time_column("read_at", nullable=True),
    number_column("read_by", nullable=True),
    time_column("failed_at", nullable=True),
    number_column("failure", nullable=True),
    time_column("delayed_at", nullable=True),
    Column("attachments_opened", SmallInteger, nullable=False, server_default=text("0")),
    time_column("released_at", nullable=True),
    Column("legal_basis", Integer, nullable=False, server_default=text("0")),
    time_column("due_at", nullable=True),
    time_column("withdrawn_at", nullable=True),
    number_column("withdrawal_reason", nullable=True),
    time_column("replies_closed_at", nullable=True),
    time_column("erased_at", nullable=True),
    id_column("key_id", nullable=True),
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
    Index("message_answers", "practice_id", "in_reply_to", postgresql_where=text("in_reply_to IS NOT NULL")),
)

message_attachment: Final = Table(
    "message_attachment",
    metadata,
    id_column("practice_id"),
    id_column("message_id"),
    number_column("position"),
    id_column("attachment_id"),
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
    id_column("practice_id"),
    id_column("message_id"),
    id_column("id"),
    number_column("kind"),
    time_column("at"),
    Column("attempt", BigInteger, nullable=False),
    Column("contact_version", BigInteger, nullable=False),
    number_column("failure", nullable=True),
    number_column("reader", nullable=True),
    id_column("prompt_id", nullable=True),
    id_column("attachment_id", nullable=True),
    PrimaryKeyConstraint("practice_id", "message_id", "id", name="receipt_fact_pkey"),
    ForeignKeyConstraint(
        ["practice_id", "message_id"], ["message.practice_id", "message.id"], name="receipt_fact_message_fkey"
    ),
)

change: Final = Table(
    "change",
    metadata,
    id_column("practice_id"),
    Column("sequence", BigInteger, nullable=False),
    number_column("kind"),
    id_column("patient_id"),
    id_column("conversation_id", nullable=True),
    id_column("message_id", nullable=True),
    time_column("at"),
    PrimaryKeyConstraint("practice_id", "sequence", name="change_pkey"),
    ForeignKeyConstraint(
        ["practice_id", "message_id"], ["message.practice_id", "message.id"], name="change_message_fkey"
    ),
)

practice_sequence: Final = Table(
    "practice_sequence",
    metadata,
    id_column("practice_id"),
    Column("last", BigInteger, nullable=False),
    PrimaryKeyConstraint("practice_id", name="practice_sequence_pkey"),
)
