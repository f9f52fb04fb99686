"""The tables of practices, staff, patients, bindings and service accounts (migrations 0001, 0003, 0004)."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Computed,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from services.identity.tables.base import metadata

practice: Final = Table(
    "practice",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("prompt_name", Text, nullable=False),
    Column("phone", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("absence_notice", Text, nullable=False, server_default=text("''")),
    Column("imprint_url", Text, nullable=False, server_default=text("''")),
    Column("privacy_url", Text, nullable=False, server_default=text("''")),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Index("practice_by_age", "created_at", "id"),
)

staff_member: Final = Table(
    "staff_member",
    metadata,
    Column("practice_id", Uuid, ForeignKey("practice.id"), nullable=False),
    Column("id", Uuid, nullable=False),
    Column("email", LargeBinary, nullable=False),
    Column("given_name", LargeBinary, nullable=False),
    Column("family_name", LargeBinary, nullable=False),
    Column("email_index", LargeBinary, nullable=False),
    Column("role", Text, nullable=False),
    Column("password_hash", Text),
    Column("disabled_at", DateTime(timezone=True)),
    Column("created_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("practice_id", "id"),
    UniqueConstraint("practice_id", "email_index"),
    Index("staff_member_by_email", "email_index"),
    Index("staff_member_by_id", "id", unique=True),
    Index("staff_member_by_age", "practice_id", "created_at", "id"),
)

staff_invitation: Final = Table(
    "staff_invitation",
    metadata,
    Column("practice_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("staff_id", Uuid, nullable=False),
    Column("code_hash", LargeBinary, nullable=False, unique=True),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("practice_id", "id"),
    ForeignKeyConstraint(["practice_id", "staff_id"], ["staff_member.practice_id", "staff_member.id"]),
    Index("staff_invitation_by_member", "practice_id", "staff_id", "created_at"),
)

patient: Final = Table(
    "patient",
    metadata,
    Column("practice_id", Uuid, ForeignKey("practice.id"), nullable=False),
    Column("id", Uuid, nullable=False),
    Column("given_name", LargeBinary, nullable=False),
    Column("family_name", LargeBinary, nullable=False),
    Column("birth_date", LargeBinary),
    Column("email", LargeBinary),
    Column("mobile", LargeBinary),
    Column("language", Text),
    Column("birth_date_index", LargeBinary),
    Column("email_index", LargeBinary),
    Column("mobile_index", LargeBinary),
    Column("pair_index", LargeBinary),
    Column("conflict", Boolean, nullable=False),
    Column("birth_date_tries", SmallInteger, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("contact_version", BigInteger, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("objected_at", DateTime(timezone=True)),
    Column("permitted_at", DateTime(timezone=True)),
    Column("deceased_at", DateTime(timezone=True)),
    Column("archived_at", DateTime(timezone=True)),
    Column("merged_into", Uuid),
    Column("reader_answered", Boolean, nullable=False, server_default=text("false")),
    Column("address_suspect", Text),
    Column("external_index", LargeBinary),
    PrimaryKeyConstraint("practice_id", "id"),
    ForeignKeyConstraint(["practice_id", "merged_into"], ["patient.practice_id", "patient.id"]),
    Index(
        "patient_by_external",
        "practice_id",
        "external_index",
        unique=True,
        postgresql_where=text("external_index IS NOT NULL"),
    ),
    Index("patient_by_email", "email_index", "practice_id", postgresql_where=text("email_index IS NOT NULL")),
    Index("patient_by_age", "practice_id", "created_at", "id"),
    Index("patient_by_birth_date", "practice_id", "birth_date_index"),
    Index("patient_by_pair", "pair_index", "practice_id", postgresql_where=text("pair_index IS NOT NULL")),
)

patient_search: Final = Table(
    "patient_search",
    metadata,
    Column("practice_id", Uuid, nullable=False),
    Column("patient_id", Uuid, nullable=False),
    Column("token", LargeBinary, nullable=False),
    # No foreign key: a trigger removes the rows of a deleted record (migration 0010).
    PrimaryKeyConstraint("practice_id", "token", "patient_id"),
    Index("patient_search_by_patient", "practice_id", "patient_id"),
)

binding: Final = Table(
    "binding",
    metadata,
    Column("practice_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("patient_id", Uuid, nullable=False),
    Column("account_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("pair_index", LargeBinary, nullable=False),
    Column("bound_at", DateTime(timezone=True), nullable=False),
    # The birth date that the record had; none, or one of before the column was there: null.
    Column("birth_date_index", LargeBinary),
    PrimaryKeyConstraint("practice_id", "id"),
    ForeignKeyConstraint(["practice_id", "patient_id"], ["patient.practice_id", "patient.id"]),
    Index("binding_by_patient", "practice_id", "patient_id"),
    Index("binding_by_account", "account_id"),
    Index(
        "binding_one_self",
        "practice_id",
        "pair_index",
        unique=True,
        postgresql_where=text("state = 'active' AND kind = 'self'"),
    ),
)

service_account: Final = Table(
    "service_account",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("practice_id", Uuid, ForeignKey("practice.id")),
    # Accounts of the platform belong to the tenant 0, so that row-level security covers them too.
    Column(
        "scope_id",
        Uuid,
        Computed("coalesce(practice_id, '00000000-0000-0000-0000-000000000000'::uuid)", persisted=True),
        nullable=False,
    ),
    Column("label", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("secret_hash", LargeBinary, nullable=False),
    Column("disabled_at", DateTime(timezone=True)),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Index("service_account_by_age", "scope_id", "created_at", "id"),
)
