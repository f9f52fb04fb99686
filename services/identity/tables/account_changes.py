"""The tables of what a person changes of the own account (migration 0005); none belongs to a practice."""

from typing import Final

from sqlalchemy import Column, DateTime, Index, LargeBinary, Table, Text, Uuid

from services.identity.tables.base import metadata

# Without an account nobody has the pair that was typed, and nothing ever leaves.
password_reset: Final = Table(
    "password_reset",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("secret_hash", LargeBinary, nullable=False, unique=True),
    Column("pair_index", LargeBinary, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("account_id", Uuid),
    Column("email_proven_at", DateTime(timezone=True)),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Index("password_reset_by_pair", "pair_index"),
    Index("password_reset_by_end", "expires_at"),
)

contact_change: Final = Table(
    "contact_change",
    metadata,
    Column("account_id", Uuid, primary_key=True),
    Column("id", Uuid, nullable=False),
    Column("contact", LargeBinary, nullable=False),
    Column("email_index", LargeBinary, nullable=False),
    Column("pair_index", LargeBinary, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Index("contact_change_by_end", "expires_at"),
)

# Deleted accounts whose keys, in another database, are to be destroyed.
doomed_key: Final = Table(
    "doomed_key",
    metadata,
    Column("subject_id", Uuid, primary_key=True),
    Column("since", DateTime(timezone=True), nullable=False),
)
