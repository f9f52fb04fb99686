"""What the guard remembers: texts that were sent lately, and messages that wait."""

from typing import Final

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    text,
)

from services.messaging.tables.base import id_column, metadata, time_column

recent_text: Final = Table(
    "recent_text",
    metadata,
    id_column("practice_id"),
    Column("text_hash", LargeBinary, nullable=False),
    id_column("patient_id"),
    time_column("used_at"),
    PrimaryKeyConstraint("practice_id", "text_hash", "patient_id", name="recent_text_pkey"),
    Index("recent_text_age", "used_at"),
)

held_message: Final = Table(
    "held_message",
    metadata,
    id_column("practice_id"),
    id_column("message_id"),
    Column("text_hash", LargeBinary, nullable=False),
    time_column("held_at"),
    time_column("decided_at", nullable=True),
    id_column("decided_by", nullable=True),
    Column("confirmed", Boolean),
    Column("reason", LargeBinary),
    Column("shown_hash", LargeBinary),
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
