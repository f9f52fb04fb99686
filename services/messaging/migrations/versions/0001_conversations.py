"""Make the conversations, messages, receipts, changes and patients' states, and the chassis' tables."""

from typing import Final

from alembic import op

from chassis.migrations import app_role, chassis_tables_1, protect_sql

revision: Final = "0001"
down_revision: Final = None

# Bodies are ciphertext, which does not compress; out of line, they are not copied when a receipt changes. The
# room that pages are left with lets receipts change in place.
_CONVERSATIONS: Final = """
CREATE TABLE conversation (
    practice_id uuid NOT NULL,
    id uuid NOT NULL,
    patient_id uuid NOT NULL,
    newest_message_id uuid NOT NULL,
    newest_at timestamptz NOT NULL,
    unread_answers integer NOT NULL,
    CONSTRAINT conversation_pkey PRIMARY KEY (practice_id, id),
    CONSTRAINT conversation_patient_key UNIQUE (practice_id, patient_id),
    CONSTRAINT conversation_unread_counted CHECK (unread_answers >= 0)
) WITH (fillfactor = 80);

CREATE TABLE message (
    practice_id uuid NOT NULL,
    id uuid NOT NULL,
    conversation_id uuid NOT NULL,
    patient_id uuid NOT NULL,
    direction smallint NOT NULL,
    purpose smallint,
    author_kind smallint NOT NULL,
    author_id uuid NOT NULL,
    subject bytea,
    body bytea NOT NULL,
    sent_at timestamptz NOT NULL,
    reply_until timestamptz,
    in_reply_to uuid,
    attachment_count smallint NOT NULL,
    tick smallint NOT NULL,
    prompt_accepted_at timestamptz,
    received_at timestamptz,
    received_evidence smallint,
    read_at timestamptz,
    read_by smallint,
    failed_at timestamptz,
    failure smallint,
    CONSTRAINT message_pkey PRIMARY KEY (practice_id, id),
    CONSTRAINT message_conversation_fkey
        FOREIGN KEY (practice_id, conversation_id) REFERENCES conversation (practice_id, id),
    CONSTRAINT message_in_reply_to_fkey
        FOREIGN KEY (practice_id, in_reply_to) REFERENCES message (practice_id, id),
    CONSTRAINT message_of_one_side CHECK (
        (direction = 1 AND purpose IS NOT NULL AND subject IS NOT NULL AND in_reply_to IS NULL)
        OR (
            direction = 2 AND purpose IS NULL AND subject IS NULL AND in_reply_to IS NOT NULL
            AND reply_until IS NULL
        )
    ),
    CONSTRAINT message_tick_known CHECK (tick BETWEEN 1 AND 5)
) WITH (fillfactor = 80);
ALTER TABLE message ALTER COLUMN body SET STORAGE EXTERNAL, ALTER COLUMN subject SET STORAGE EXTERNAL;

ALTER TABLE conversation ADD CONSTRAINT conversation_newest_fkey
    FOREIGN KEY (practice_id, newest_message_id) REFERENCES message (practice_id, id)
    DEFERRABLE INITIALLY DEFERRED;
CREATE INDEX conversation_newest ON conversation (practice_id, newest_at DESC, id DESC);
CREATE INDEX message_history ON message (practice_id, patient_id, sent_at DESC, id DESC);

CREATE TABLE message_attachment (
    practice_id uuid NOT NULL,
    message_id uuid NOT NULL,
    position smallint NOT NULL,
    attachment_id uuid NOT NULL,
    file_name bytea NOT NULL,
    media_type text NOT NULL,
    size bigint NOT NULL,
    sha256 bytea NOT NULL,
    CONSTRAINT message_attachment_pkey PRIMARY KEY (practice_id, message_id, position),
    CONSTRAINT message_attachment_attachment_key UNIQUE (practice_id, attachment_id),
    CONSTRAINT message_attachment_message_fkey
        FOREIGN KEY (practice_id, message_id) REFERENCES message (practice_id, id)
);

CREATE TABLE receipt_fact (
    practice_id uuid NOT NULL,
    message_id uuid NOT NULL,
    id uuid NOT NULL,
    kind smallint NOT NULL,
    at timestamptz NOT NULL,
    attempt bigint NOT NULL,
    contact_version bigint NOT NULL,
    failure smallint,
    reader smallint,
    CONSTRAINT receipt_fact_pkey PRIMARY KEY (practice_id, message_id, id),
    CONSTRAINT receipt_fact_message_fkey
        FOREIGN KEY (practice_id, message_id) REFERENCES message (practice_id, id),
    CONSTRAINT receipt_fact_kind_known CHECK (kind BETWEEN 1 AND 5)
);

CREATE TABLE change (
    practice_id uuid NOT NULL,
    sequence bigint NOT NULL,
    kind smallint NOT NULL,
    patient_id uuid NOT NULL,
    conversation_id uuid NOT NULL,
    message_id uuid NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT change_pkey PRIMARY KEY (practice_id, sequence),
    CONSTRAINT change_message_fkey
        FOREIGN KEY (practice_id, message_id) REFERENCES message (practice_id, id)
);

CREATE TABLE practice_sequence (
    practice_id uuid NOT NULL,
    last bigint NOT NULL,
    CONSTRAINT practice_sequence_pkey PRIMARY KEY (practice_id)
) WITH (fillfactor = 50);

CREATE TABLE patient_state (
    practice_id uuid NOT NULL,
    patient_id uuid NOT NULL,
    version bigint NOT NULL,
    contact_version bigint NOT NULL,
    has_email boolean NOT NULL,
    has_mobile boolean NOT NULL,
    conflict boolean NOT NULL,
    bound boolean NOT NULL,
    CONSTRAINT patient_state_pkey PRIMARY KEY (practice_id, patient_id)
);
"""
_CHANGING: Final = ("conversation", "practice_sequence", "patient_state")
_ONLY_ADDED: Final = ("message", "message_attachment", "receipt_fact", "change")

_RECEIPT: Final = (
    "tick, prompt_accepted_at, received_at, received_evidence, read_at, read_by, failed_at, failure"
)


def upgrade() -> None:
    """Make everything; messages and facts are only added, and of a message only its receipt changes."""
    role = app_role()
    op.execute(chassis_tables_1(role))
    op.execute(_CONVERSATIONS)
    for table in _CHANGING:
        op.execute(protect_sql(table, "practice_id", role, "SELECT, INSERT, UPDATE"))
    for table in _ONLY_ADDED:
        op.execute(protect_sql(table, "practice_id", role, "SELECT, INSERT"))
    op.execute(f'GRANT UPDATE ({_RECEIPT}) ON message TO "{role}"')
