"""What the practice's lists of work are made from."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Table,
    text,
)

from services.messaging.tables.base import id_column, metadata, number_column, time_column

# What nobody of the other side has opened yet: derived from messages and receipts in their transactions.
unread_message: Final = Table(
    "unread_message",
    metadata,
    id_column("practice_id"),
    id_column("message_id"),
    id_column("conversation_id"),
    id_column("patient_id"),
    number_column("kind"),
    time_column("since"),
    time_column("due_at", nullable=True),
    time_column("settled_at", nullable=True),
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
    id_column("practice_id"),
    id_column("author_id"),
    id_column("conversation_id"),
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
    id_column("practice_id"),
    id_column("conversation_id"),
    id_column("staff_id"),
    time_column("until"),
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
    id_column("practice_id"),
    id_column("staff_id"),
    Column("version", BigInteger, nullable=False),
    Column("disabled", Boolean, nullable=False),
    PrimaryKeyConstraint("practice_id", "staff_id", name="staff_state_pkey"),
)

# identity's tasks; a closed one stays, so that its opening cannot come after its end.
identity_task: Final = Table(
    "identity_task",
    metadata,
    id_column("practice_id"),
    id_column("id"),
    id_column("patient_id"),
    number_column("kind"),
    time_column("opened_at"),
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
    Index("identity_task_patient", "practice_id", "patient_id", postgresql_where=text("NOT closed")),
)
