"""The tables of what keeps a patient out and what the practice has to look after (migration 0004)."""

from typing import Final

from sqlalchemy import (
    Column,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    text,
)

from services.identity.tables.base import metadata

task: Final = Table(
    "task",
    metadata,
    Column("practice_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False, server_default=text("gen_random_uuid()")),
    Column("patient_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("opened_at", DateTime(timezone=True), nullable=False),
    Column("closed_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("practice_id", "id"),
    ForeignKeyConstraint(["practice_id", "patient_id"], ["patient.practice_id", "patient.id"]),
    Index(
        "task_one_open",
        "practice_id",
        "patient_id",
        "kind",
        unique=True,
        postgresql_where=text("closed_at IS NULL"),
    ),
)

# Which record a registration was probably meant for, and what differs; it goes with the registration.
access_problem: Final = Table(
    "access_problem",
    metadata,
    Column("practice_id", Uuid, nullable=False),
    Column("patient_id", Uuid, nullable=False),
    Column("registration_id", Uuid, ForeignKey("registration.id", ondelete="CASCADE"), nullable=False),
    Column("obstacle", Text, nullable=False),
    Column("noticed_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("practice_id", "patient_id", "registration_id"),
    ForeignKeyConstraint(["practice_id", "patient_id"], ["patient.practice_id", "patient.id"]),
    Index("access_problem_by_registration", "registration_id"),
)

# Registrations with this pair or this address are to be looked at again.
look: Final = Table(
    "look",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=text("gen_random_uuid()")),
    Column("pair_index", LargeBinary),
    Column("email_index", LargeBinary),
)

# What an import said instead of a verified contact; kept when settled, so that it is not asked again.
import_difference: Final = Table(
    "import_difference",
    metadata,
    Column("practice_id", Uuid, nullable=False),
    Column("patient_id", Uuid, nullable=False),
    Column("email", LargeBinary),
    Column("mobile", LargeBinary),
    Column("difference_index", LargeBinary, nullable=False),
    Column("noticed_at", DateTime(timezone=True), nullable=False),
    Column("settled_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("practice_id", "patient_id"),
    ForeignKeyConstraint(["practice_id", "patient_id"], ["patient.practice_id", "patient.id"]),
)
