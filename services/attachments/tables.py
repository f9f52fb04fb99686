"""The tables of attachments."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    MetaData,
    Table,
    Text,
    Uuid,
    text,
)

from chassis.doomed_keys import define_doomed_data_key
from chassis.tables import define

metadata: Final = MetaData()

define(metadata)
define_doomed_data_key(metadata)

# Sealed under the patient's key joined with the data key `key_id`: the file name, the hash (it would give a
# known document away) and the key of the object. `state_at` is when the state was reached or last confirmed.
attachment: Final = Table(
    "attachment",
    metadata,
    Column("practice_id", Uuid, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("patient_id", Uuid, nullable=False),
    Column("uploader_id", Uuid, nullable=False),
    Column("request_id", Uuid, nullable=False),
    Column("state", Text, nullable=False),
    Column("state_at", DateTime(timezone=True), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("message_id", Uuid, nullable=True),
    Column("object_key", Text, nullable=False, unique=True),
    Column("key_sealed", LargeBinary, nullable=False),
    Column("file_name_sealed", LargeBinary, nullable=False),
    Column("declared_type", Text, nullable=False),
    Column("sniffed_type", Text, nullable=False, server_default=text("''")),
    Column("size", BigInteger, nullable=True),
    Column("sha256_sealed", LargeBinary, nullable=True),
    Column("uploaded_by", Text, nullable=False, server_default=text("'practice'")),
    Column("opened_at", DateTime(timezone=True), nullable=True),
    Column("withdrawn_at", DateTime(timezone=True), nullable=True),
    Column("key_id", Uuid, nullable=True),
    Index(
        "attachment_request",
        "practice_id",
        "uploader_id",
        "request_id",
        unique=True,
        postgresql_where=text("state <> 'deleting'"),
    ),
    Index("attachment_message", "practice_id", "message_id", postgresql_where=text("message_id IS NOT NULL")),
    Index("attachment_due", "state", "state_at", postgresql_where=text("state <> 'attached'")),
)

# A photo as it came, whose rendition the attachment's own row describes; has no object where it is not kept.
original: Final = Table(
    "original",
    metadata,
    Column("practice_id", Uuid, primary_key=True),
    Column("attachment_id", Uuid, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("sha256_sealed", LargeBinary, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("object_key", Text, nullable=True, unique=True),
    Column("key_sealed", LargeBinary, nullable=True),
    ForeignKeyConstraint(
        ["practice_id", "attachment_id"], ["attachment.practice_id", "attachment.id"], ondelete="CASCADE"
    ),
)

# `quota_bytes` is null where the practice has the quota of all.
usage: Final = Table(
    "usage",
    metadata,
    Column("practice_id", Uuid, primary_key=True),
    Column("used_bytes", BigInteger, nullable=False, server_default=text("0")),
    Column("quota_bytes", BigInteger, nullable=True),
)
