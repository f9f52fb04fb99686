"""What identity has told of patients and of a practice's legal basis for writing to them."""

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Integer, PrimaryKeyConstraint, Table, Text

from services.messaging.tables.base import flag_column, id_column, metadata, time_column

patient_state: Final = Table(
    "patient_state",
    metadata,
    id_column("practice_id"),
    id_column("patient_id"),
    Column("version", BigInteger, nullable=False),
    Column("contact_version", BigInteger, nullable=False),
    Column("has_email", Boolean, nullable=False),
    Column("has_mobile", Boolean, nullable=False),
    Column("conflict", Boolean, nullable=False),
    Column("bound", Boolean, nullable=False),
    flag_column("objected"),
    flag_column("deceased"),
    flag_column("archived"),
    Column("prompted_version", BigInteger),
    PrimaryKeyConstraint("practice_id", "patient_id", name="patient_state_pkey"),
)

# Version 0 is the one that every practice begins with, and stands in the code.
legal_basis: Final = Table(
    "legal_basis",
    metadata,
    id_column("practice_id"),
    Column("version", Integer, nullable=False),
    Column("text", Text, nullable=False),
    time_column("set_at"),
    id_column("set_by"),
    PrimaryKeyConstraint("practice_id", "version", name="legal_basis_pkey"),
)
