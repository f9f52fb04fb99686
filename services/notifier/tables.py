"""The notifier's tables as SQLAlchemy knows them; the migrations are what makes them."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
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
    false,
    text,
    true,
)

from chassis.tables import define

metadata: Final = MetaData()
chassis_tables: Final = define(metadata)

prompt: Final = Table(
    "prompt",
    metadata,
    Column("practice_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    # The message that the letter was made for, in letters of the kind first: a message has one of them.
    Column("message_id", Uuid),
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
    Column("kind", Text, nullable=False, server_default=text("'first'")),
    Column("in_hand", Boolean, nullable=False, server_default=false()),
    # The trace of the message that it was made for (W3C's traceparent), or empty.
    Column("traceparent", Text, nullable=False, server_default=text("''")),
    PrimaryKeyConstraint("practice_id", "id", name="prompt_pkey"),
    UniqueConstraint("practice_id", "message_id", name="prompt_message_key"),
    UniqueConstraint("reference", name="prompt_reference_key"),
    Index("prompt_due", "due_at", postgresql_where=text("state = 'due'")),
    Index("prompt_turn", "practice_id", "due_at", postgresql_where=text("state IN ('due', 'waiting')")),
    Index("prompt_pending", "due_at", postgresql_where=text("state IN ('due', 'waiting')")),
    Index("prompt_patient", "practice_id", "patient_id", "created_at"),
    Index("prompt_id", "id"),
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

# A message as far as prompts are concerned; closed: read or withdrawn.
waiting_message: Final = Table(
    "waiting_message",
    metadata,
    Column("practice_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("patient_id", Uuid, nullable=False),
    Column("sent_at", DateTime(timezone=True), nullable=False),
    Column("shown_at", DateTime(timezone=True)),
    Column("closed_at", DateTime(timezone=True)),
    Column("remind_at", DateTime(timezone=True)),
    Column("reminded_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("practice_id", "id", name="waiting_message_pkey"),
    Index("waiting_message_remind", "remind_at", postgresql_where=text("remind_at IS NOT NULL")),
)

# Which messages a letter speaks for; not needed: shown, read or withdrawn before the letter went.
prompt_message: Final = Table(
    "prompt_message",
    metadata,
    Column("practice_id", Uuid, nullable=False),
    Column("prompt_id", Uuid, nullable=False),
    Column("message_id", Uuid, nullable=False),
    Column("added_at", DateTime(timezone=True), nullable=False),
    Column("needed", Boolean, nullable=False, server_default=true()),
    PrimaryKeyConstraint("practice_id", "prompt_id", "message_id", name="prompt_message_pkey"),
    ForeignKeyConstraint(
        ["practice_id", "prompt_id"], ["prompt.practice_id", "prompt.id"], name="prompt_message_prompt_fkey"
    ),
    ForeignKeyConstraint(
        ["practice_id", "message_id"],
        ["waiting_message.practice_id", "waiting_message.id"],
        name="prompt_message_message_fkey",
    ),
    Index("prompt_message_of", "practice_id", "message_id"),
)

# A patient as far as prompts are concerned. The versions named …_record are those of identity's record.
addressee: Final = Table(
    "addressee",
    metadata,
    Column("practice_id", Uuid, nullable=False),
    Column("patient_id", Uuid, nullable=False),
    Column("window_ends_at", DateTime(timezone=True)),
    Column("record_version", BigInteger, nullable=False, server_default=text("0")),
    Column("contact_version", BigInteger, nullable=False, server_default=text("0")),
    Column("stopped", Boolean, nullable=False, server_default=false()),
    # The contact version whose address nothing is sent to.
    Column("suspect_version", BigInteger),
    Column("suspect_reason", Text),
    Column("suspect_at", DateTime(timezone=True)),
    # The newest record that was known when the suspicion began, and the newest ones after it in which
    # identity says that the address is suspect and that it is not.
    Column("suspect_since_record", BigInteger, nullable=False, server_default=text("0")),
    Column("marked_record", BigInteger, nullable=False, server_default=text("0")),
    Column("cleared_record", BigInteger, nullable=False, server_default=text("0")),
    PrimaryKeyConstraint("practice_id", "patient_id", name="addressee_pkey"),
)

# What came back of a letter after the relay took it, each kind once.
prompt_report: Final = Table(
    "prompt_report",
    metadata,
    Column("practice_id", Uuid, nullable=False),
    Column("prompt_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("status", Text, nullable=False),
    PrimaryKeyConstraint("practice_id", "prompt_id", "kind", name="prompt_report_pkey"),
    ForeignKeyConstraint(
        ["practice_id", "prompt_id"], ["prompt.practice_id", "prompt.id"], name="prompt_report_prompt_fkey"
    ),
)
