"""Attachments, the look-ups of the collector over all practices, and the chassis' tables."""

from alembic import op

from chassis.migrations import app_role, chassis_tables_1, protect_sql

revision = "0001"
down_revision = None

_TABLES = """
CREATE TABLE attachment (
    practice_id uuid NOT NULL,
    id uuid NOT NULL,
    patient_id uuid NOT NULL,
    uploader_id uuid NOT NULL,
    request_id uuid NOT NULL,
    state text NOT NULL CHECK (state IN ('uploading', 'ready', 'claimed', 'attached', 'deleting')),
    state_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    message_id uuid CHECK (message_id IS NOT NULL OR state NOT IN ('claimed', 'attached')),
    object_key text NOT NULL UNIQUE,
    key_sealed bytea NOT NULL,
    file_name_sealed bytea NOT NULL,
    declared_type text NOT NULL,
    sniffed_type text NOT NULL DEFAULT '',
    size bigint CHECK (size > 0),
    sha256_sealed bytea,
    PRIMARY KEY (practice_id, id),
    CHECK (state IN ('uploading', 'deleting') OR (size IS NOT NULL AND sha256_sealed IS NOT NULL))
);
CREATE UNIQUE INDEX attachment_request ON attachment (practice_id, uploader_id, request_id)
    WHERE state <> 'deleting';
CREATE INDEX attachment_due ON attachment (state, state_at) WHERE state <> 'attached';
"""

# The collector serves every practice: these two look-ups see ids, states and times of all, and nothing else.
_LOOK_UPS = """
CREATE POLICY collector ON attachment FOR SELECT TO CURRENT_USER USING (true);

CREATE FUNCTION due_attachments(wanted text, before timestamptz, at_most integer)
    RETURNS TABLE (practice_id uuid, id uuid, object_key text, message_id uuid, state_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
BEGIN ATOMIC
    SELECT a.practice_id, a.id, a.object_key, a.message_id, a.state_at
    FROM attachment AS a
    WHERE a.state = wanted AND a.state <> 'attached' AND a.state_at <= before
    ORDER BY a.state_at
    LIMIT at_most;
END;

CREATE FUNCTION known_objects(wanted text[])
    RETURNS SETOF text
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
BEGIN ATOMIC
    SELECT a.object_key FROM attachment AS a WHERE a.object_key = ANY (wanted);
END;
"""
_FUNCTIONS = ("due_attachments(text, timestamptz, integer)", "known_objects(text[])")


def upgrade() -> None:
    role = app_role()
    op.execute(chassis_tables_1(role))
    op.execute(_TABLES)
    op.execute(protect_sql("attachment", "practice_id", role))
    op.execute(_LOOK_UPS)
    for function in _FUNCTIONS:
        op.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")
        op.execute(f'GRANT EXECUTE ON FUNCTION {function} TO "{role}"')
