"""The tables of the person's side: accounts, registrations, codes, sessions, notices (migrations 0002, 0004).

None of them belongs to one practice, so none is under row-level security: a person has one account for all.
"""

from typing import Final

from sqlalchemy import (
    ARRAY,
    Boolean,
    Column,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)

from services.identity.tables.base import metadata

account: Final = Table(
    "account",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("pair_index", LargeBinary, nullable=False, unique=True),
    Column("email_index", LargeBinary, nullable=False),
    Column("contact", LargeBinary, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Index("account_by_email", "email_index"),
)

registration: Final = Table(
    "registration",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("secret_hash", LargeBinary, nullable=False, unique=True),
    Column("email_index", LargeBinary, nullable=False),
    Column("pair_index", LargeBinary, nullable=False),
    Column("typed", LargeBinary, nullable=False),
    Column("state", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("mobile_proven_at", DateTime(timezone=True)),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("birth_date", LargeBinary),
    Column("look_due", Boolean, nullable=False, server_default=text("false")),
    Index("registration_by_end", "expires_at"),
    Index("registration_by_pair", "pair_index"),
    Index("registration_by_email", "email_index"),
    Index("registration_to_look_at", "created_at", postgresql_where=text("look_due")),
)

login: Final = Table(
    "login",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("secret_hash", LargeBinary, nullable=False),
    Column("account_id", Uuid),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Index("login_by_secret", "secret_hash"),
    Index("login_by_account", "account_id"),
    Index("login_by_end", "expires_at"),
)

code: Final = Table(
    "code",
    metadata,
    Column("flow_id", Uuid, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("code_hash", LargeBinary, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("used_at", DateTime(timezone=True)),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("flow_id", "purpose"),
    Index("code_by_end", "expires_at"),
)

code_window: Final = Table(
    "code_window",
    metadata,
    Column("address_hash", LargeBinary, primary_key=True),
    Column("sent_at", ARRAY(DateTime(timezone=True)), nullable=False),
    Column("last_sent_at", DateTime(timezone=True), nullable=False),
    Index("code_window_by_time", "last_sent_at"),
)

login_attempt: Final = Table(
    "login_attempt",
    metadata,
    Column("address_hash", LargeBinary, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_at", DateTime(timezone=True), nullable=False),
    Column("blocked_until", DateTime(timezone=True), nullable=False),
    Index("login_attempt_by_time", "last_at"),
)

session: Final = Table(
    "session",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("secret_hash", LargeBinary, nullable=False, unique=True),
    Column("holder", Text, nullable=False),
    Column("holder_id", Uuid, nullable=False),
    Column("mobile_proven_at", DateTime(timezone=True)),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("last_used_at", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True)),
    Index("session_by_holder", "holder_id", "created_at"),
    Index("session_by_time", "created_at"),
)

notice: Final = Table(
    "notice",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("attempts", SmallInteger, nullable=False),
    Column("next_try", DateTime(timezone=True), nullable=False),
    Index("notice_by_next_try", "next_try"),
)
