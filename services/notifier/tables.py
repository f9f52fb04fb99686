"""The notifier's tables as SQLAlchemy knows them; the migrations are what makes them."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Integer,
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

prompt: Final = Table(
    "prompt",
    metadata,
    Column("practice_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("message_id", Uuid, nullable=False),
    Column("patient_id", Uuid, nullable=False),
    Column("reference", Text, nullable=False),
    Column("sent_at", DateTime(timezone=True), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("state", Text, nullable=False),
    Column("failure", Text),
    Column("contact_version", BigInteger),
    # Attempts that were begun; the latest one alone may settle the prompt.
    Column("attempts", Integer, nullable=False),
    # When the next attempt may begin; while one is in hand, when its lease ends.
    Column("due_at", DateTime(timezone=True), nullable=False),
    Column("settled_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("practice_id", "id", name="prompt_pkey"),
    UniqueConstraint("practice_id", "message_id", name="prompt_message_key"),
    UniqueConstraint("reference", name="prompt_reference_key"),
    Index("prompt_due", "due_at", postgresql_where=text("state = 'due'")),
    Index("prompt_accepted", "settled_at", postgresql_where=text("state = 'accepted'")),
)

prompt_attempt: Final = Table(
    "prompt_attempt",
    metadata,
    Column("practice_id", Uuid, nullable=False),
    Column("prompt_id", Uuid, nullable=False),
    Column("number", Integer, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("outcome", Text, nullable=False),
    Column("contact_version", BigInteger, nullable=False),
    Column("smtp_code", SmallInteger),
    PrimaryKeyConstraint("practice_id", "prompt_id", "number", name="prompt_attempt_pkey"),
    ForeignKeyConstraint(
        ["practice_id", "prompt_id"], ["prompt.practice_id", "prompt.id"], name="prompt_attempt_prompt_fkey"
    ),
)
