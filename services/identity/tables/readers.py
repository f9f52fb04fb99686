"""The tables of who reads for whom (migration 0003)."""

from typing import Final

from sqlalchemy import (
    Column,
    Date,
    DateTime,
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

reader_question: Final = Table(
    "reader_question",
    metadata,
    Column("practice_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False, server_default=text("gen_random_uuid()")),
    Column("patient_id", Uuid, nullable=False),
    Column("cause", Text, nullable=False),
    Column("opened_at", DateTime(timezone=True), nullable=False),
    Column("closed_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("practice_id", "id"),
    ForeignKeyConstraint(["practice_id", "patient_id"], ["patient.practice_id", "patient.id"]),
    Index(
        "reader_question_one_open",
        "practice_id",
        "patient_id",
        unique=True,
        postgresql_where=text("closed_at IS NULL"),
    ),
    Index(
        "reader_question_open_by_age",
        "practice_id",
        "opened_at",
        "id",
        postgresql_where=text("closed_at IS NULL"),
    ),
)

# The terms (note and end) are sealed under the key of the patient who is represented.
representation: Final = Table(
    "representation",
    metadata,
    Column("practice_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("patient_id", Uuid, nullable=False),
    Column("representative_id", Uuid, nullable=False),
    Column("basis", Text, nullable=False),
    Column("terms", LargeBinary, nullable=False),
    Column("began_at", DateTime(timezone=True), nullable=False),
    Column("asked_at", DateTime(timezone=True)),
    Column("ended_at", DateTime(timezone=True)),
    Column("checked_on", Date),
    PrimaryKeyConstraint("practice_id", "id"),
    ForeignKeyConstraint(["practice_id", "patient_id"], ["patient.practice_id", "patient.id"]),
    ForeignKeyConstraint(["practice_id", "representative_id"], ["patient.practice_id", "patient.id"]),
    Index(
        "representation_one_active",
        "practice_id",
        "patient_id",
        unique=True,
        postgresql_where=text("ended_at IS NULL"),
    ),
    Index(
        "representation_by_representative",
        "practice_id",
        "representative_id",
        postgresql_where=text("ended_at IS NULL"),
    ),
    Index(
        "representation_by_check",
        "checked_on",
        "practice_id",
        "id",
        postgresql_where=text("ended_at IS NULL"),
    ),
)
