"""Make the drafts, and what a message that was sent can lose: its answers, its readers, its content."""

from typing import Final

from alembic import op

from chassis.migrations import app_role, protect_sql

revision: Final = "0003"
down_revision: Final = "0004"

_DRAFTS: Final = """
CREATE TABLE draft (
    practice_id uuid NOT NULL,
    id uuid NOT NULL,
    patient_id uuid NOT NULL,
    version bigint NOT NULL,
    purpose smallint,
    subject bytea NOT NULL,
    body bytea NOT NULL,
    reply_allowed boolean NOT NULL,
    reply_period_days smallint NOT NULL,
    due_at timestamptz,
    attachment_count smallint NOT NULL,
    created_by uuid NOT NULL,
    created_at timestamptz NOT NULL,
    saved_by uuid NOT NULL,
    saved_at timestamptz NOT NULL,
    CONSTRAINT draft_pkey PRIMARY KEY (practice_id, id)
);
ALTER TABLE draft ALTER COLUMN body SET STORAGE EXTERNAL, ALTER COLUMN subject SET STORAGE EXTERNAL;
CREATE INDEX draft_newest ON draft (practice_id, saved_at DESC, id DESC);

CREATE TABLE draft_attachment (
    practice_id uuid NOT NULL,
    draft_id uuid NOT NULL,
    position smallint NOT NULL,
    attachment_id uuid NOT NULL,
    file_name bytea NOT NULL,
    media_type text NOT NULL,
    size bigint NOT NULL,
    sha256 bytea NOT NULL,
    CONSTRAINT draft_attachment_pkey PRIMARY KEY (practice_id, draft_id, position),
    CONSTRAINT draft_attachment_attachment_key UNIQUE (practice_id, attachment_id),
    CONSTRAINT draft_attachment_draft_fkey
        FOREIGN KEY (practice_id, draft_id) REFERENCES draft (practice_id, id)
);
"""

_WITHDRAWALS: Final = """
ALTER TABLE message
    ADD COLUMN due_at timestamptz,
    ADD COLUMN withdrawn_at timestamptz,
    ADD COLUMN withdrawal_reason smallint,
    ADD COLUMN replies_closed_at timestamptz,
    ADD COLUMN erased_at timestamptz,
    ADD CONSTRAINT message_withdrawn_for_a_reason
        CHECK ((withdrawn_at IS NULL) = (withdrawal_reason IS NULL)),
    ADD CONSTRAINT message_withdrawn_before_erased CHECK (erased_at IS NULL OR withdrawn_at IS NOT NULL);
"""

# The service itself cannot edit what was sent. It can have it destroyed, where it was withdrawn before.
_ERASE: Final = """
CREATE FUNCTION erase_content(of_practice uuid, of_message uuid, erasing_at timestamptz)
    RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
BEGIN ATOMIC
    UPDATE message AS m
    SET subject = CASE WHEN m.subject IS NOT NULL THEN ''::bytea END, body = '', erased_at = erasing_at
    WHERE m.practice_id = of_practice AND m.id = of_message
        AND m.withdrawn_at IS NOT NULL AND m.erased_at IS NULL;

    UPDATE message_attachment AS a
    SET file_name = '', sha256 = ''
    FROM message AS m
    WHERE a.practice_id = of_practice AND a.message_id = of_message
        AND m.practice_id = of_practice AND m.id = of_message AND m.erased_at IS NOT NULL;
END;
"""
_FUNCTION: Final = "erase_content(uuid, uuid, timestamptz)"


def upgrade() -> None:
    """Add only: whoever does not know the columns goes on working."""
    role = app_role()
    op.execute(_DRAFTS)
    op.execute(protect_sql("draft", "practice_id", role))
    op.execute(protect_sql("draft_attachment", "practice_id", role, "SELECT, INSERT, DELETE"))
    op.execute(_WITHDRAWALS)
    op.execute(f'GRANT UPDATE (withdrawn_at, withdrawal_reason, replies_closed_at) ON message TO "{role}"')
    op.execute(_ERASE)
    op.execute(f"REVOKE ALL ON FUNCTION {_FUNCTION} FROM PUBLIC")
    op.execute(f'GRANT EXECUTE ON FUNCTION {_FUNCTION} TO "{role}"')
