"""Drafts, shared by a practice's staff, with what is attached to them."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from services.messaging.tables.base import id_column, metadata, number_column, time_column

draft: Final = Table(
    "draft",
    metadata,
    id_column("practice_id"),
    id_column("id"),
    id_column("patient_id"),
    Column("version", BigInteger, nullable=False),
    number_column("purpose", nullable=True),
    Column("subject", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("reply_allowed", Boolean, nullable=False),
    number_column("reply_period_days"),
    time_column("due_at", nullable=True),
    number_column("attachment_count"),
    id_column("created_by"),
    time_column("created_at"),
    id_column("saved_by"),
    time_column("saved_at"),
    id_column("key_id", nullable=True),
    PrimaryKeyConstraint("practice_id", "id", name="draft_pkey"),
    Index("draft_newest", "practice_id", text("saved_at DESC"), text("id DESC")),
    Index("draft_patient", "practice_id", "patient_id"),
)

draft_attachment: Final = Table(
    "draft_attachment",
    metadata,
    id_column("practice_id"),
    id_column("draft_id"),
    number_column("position"),
    id_column("attachment_id"),
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
