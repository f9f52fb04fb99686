"""Keep what is held and why messages may be sent, and more of what comes of prompts."""

from typing import Final

from alembic import op

from chassis.migrations import app_role, protect_sql

revision: Final = "0004"
down_revision: Final = "0002"

_MORE: Final = """
ALTER TABLE message
    ADD COLUMN delayed_at timestamptz,
    ADD COLUMN attachments_opened smallint NOT NULL DEFAULT 0,
    ADD COLUMN released_at timestamptz,
    ADD COLUMN legal_basis integer NOT NULL DEFAULT 0,
    DROP CONSTRAINT message_tick_known,
    ADD CONSTRAINT message_tick_known CHECK (tick BETWEEN 1 AND 5 OR tick IN (40, 41));

ALTER TABLE receipt_fact
    ADD COLUMN prompt_id uuid,
    ADD COLUMN attachment_id uuid,
    DROP CONSTRAINT receipt_fact_kind_known,
    ADD CONSTRAINT receipt_fact_kind_known CHECK (kind BETWEEN 1 AND 49);

ALTER TABLE patient_state
    ADD COLUMN objected boolean NOT NULL DEFAULT false,
    ADD COLUMN deceased boolean NOT NULL DEFAULT false,
    ADD COLUMN archived boolean NOT NULL DEFAULT false,
    ADD COLUMN prompted_version bigint;

CREATE TABLE recent_text (
    practice_id uuid NOT NULL,
    text_hash bytea NOT NULL,
    patient_id uuid NOT NULL,
    used_at timestamptz NOT NULL,
    CONSTRAINT recent_text_pkey PRIMARY KEY (practice_id, text_hash, patient_id)
);
CREATE INDEX recent_text_age ON recent_text (used_at);

CREATE TABLE held_message (
    practice_id uuid NOT NULL,
    message_id uuid NOT NULL,
    text_hash bytea NOT NULL,
    held_at timestamptz NOT NULL,
    decided_at timestamptz,
    decided_by uuid,
    confirmed boolean,
    reason bytea,
    CONSTRAINT held_message_pkey PRIMARY KEY (practice_id, message_id),
    CONSTRAINT held_message_message_fkey
        FOREIGN KEY (practice_id, message_id) REFERENCES message (practice_id, id),
    CONSTRAINT held_message_decided_whole CHECK (
        (decided_at IS NULL) = (decided_by IS NULL) AND (decided_at IS NULL) = (confirmed IS NULL)
    )
);
CREATE INDEX held_message_text ON held_message (practice_id, text_hash);
CREATE INDEX held_message_waiting ON held_message (practice_id, held_at, message_id) WHERE decided_at IS NULL;

CREATE TABLE legal_basis (
    practice_id uuid NOT NULL,
    version integer NOT NULL,
    text text NOT NULL,
    set_at timestamptz NOT NULL,
    set_by uuid NOT NULL,
    CONSTRAINT legal_basis_pkey PRIMARY KEY (practice_id, version),
    CONSTRAINT legal_basis_after_the_first CHECK (version > 0)
);
"""

# The keyed hashes of texts go after their hour; the policy lets the function see those of all practices.
_FORGET: Final = """
CREATE POLICY owner ON recent_text TO CURRENT_USER USING (true);
CREATE FUNCTION forget_texts(before timestamptz) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS
    $$DELETE FROM recent_text WHERE used_at < before$$;
REVOKE ALL ON FUNCTION forget_texts(timestamptz) FROM PUBLIC;
"""


def upgrade() -> None:
    """Of a held message only the decision is ever added, and a legal basis is never changed."""
    role = app_role()
    op.execute(_MORE)
    op.execute(protect_sql("recent_text", "practice_id", role, "SELECT, INSERT, UPDATE"))
    op.execute(_FORGET)
    op.execute(f'GRANT EXECUTE ON FUNCTION forget_texts(timestamptz) TO "{role}"')
    op.execute(protect_sql("held_message", "practice_id", role, "SELECT, INSERT"))
    op.execute(protect_sql("legal_basis", "practice_id", role, "SELECT, INSERT"))
    op.execute(f'GRANT UPDATE (decided_at, decided_by, confirmed, reason) ON held_message TO "{role}"')
    op.execute(f'GRANT UPDATE (delayed_at, attachments_opened, released_at) ON message TO "{role}"')
