"""Say of conversations whether they are done and whose they are, and keep what needs somebody."""

from typing import Final

from alembic import op

from chassis.migrations import app_role, protect_sql

revision: Final = "0002"
down_revision: Final = "0001"

_CONVERSATION: Final = """
ALTER TABLE conversation
    ADD COLUMN state smallint NOT NULL DEFAULT 1,
    ADD COLUMN assigned_to uuid,
    ADD COLUMN left_by uuid,
    ADD CONSTRAINT conversation_state_known CHECK (state IN (1, 2)),
    ADD CONSTRAINT conversation_left_by_nobody_else CHECK (assigned_to IS NULL OR left_by IS NULL);
CREATE INDEX conversation_open ON conversation (practice_id, newest_at DESC, id DESC) WHERE state = 1;
CREATE INDEX conversation_assigned ON conversation (practice_id, assigned_to, state, newest_at DESC, id DESC)
    WHERE assigned_to IS NOT NULL;
CREATE INDEX conversation_left ON conversation (practice_id, left_by, id) WHERE left_by IS NOT NULL;

ALTER TABLE change ALTER COLUMN conversation_id DROP NOT NULL, ALTER COLUMN message_id DROP NOT NULL;
"""

# Rows go when their messages are opened, so these tables stay as small as the work is.
_WORK: Final = """
CREATE TABLE unread_message (
    practice_id uuid NOT NULL,
    message_id uuid NOT NULL,
    conversation_id uuid NOT NULL,
    patient_id uuid NOT NULL,
    kind smallint NOT NULL,
    since timestamptz NOT NULL,
    due_at timestamptz,
    settled_at timestamptz,
    CONSTRAINT unread_message_pkey PRIMARY KEY (practice_id, message_id),
    CONSTRAINT unread_message_fkey
        FOREIGN KEY (practice_id, message_id) REFERENCES message (practice_id, id),
    CONSTRAINT unread_message_kind_known CHECK (kind BETWEEN 1 AND 4),
    CONSTRAINT unread_message_of_one_side CHECK ((kind = 1) = (due_at IS NULL))
);
CREATE INDEX unread_message_conversation ON unread_message (practice_id, conversation_id);
CREATE INDEX unread_message_task ON unread_message (practice_id, kind, since, message_id)
    WHERE settled_at IS NULL;
CREATE INDEX unread_message_due ON unread_message (practice_id, due_at, message_id)
    WHERE settled_at IS NULL AND due_at IS NOT NULL;

CREATE TABLE conversation_author (
    practice_id uuid NOT NULL,
    author_id uuid NOT NULL,
    conversation_id uuid NOT NULL,
    CONSTRAINT conversation_author_pkey PRIMARY KEY (practice_id, author_id, conversation_id),
    CONSTRAINT conversation_author_conversation_fkey
        FOREIGN KEY (practice_id, conversation_id) REFERENCES conversation (practice_id, id)
);

CREATE TABLE answering (
    practice_id uuid NOT NULL,
    conversation_id uuid NOT NULL,
    staff_id uuid NOT NULL,
    until timestamptz NOT NULL,
    CONSTRAINT answering_pkey PRIMARY KEY (practice_id, conversation_id, staff_id),
    CONSTRAINT answering_conversation_fkey
        FOREIGN KEY (practice_id, conversation_id) REFERENCES conversation (practice_id, id)
);

CREATE TABLE staff_state (
    practice_id uuid NOT NULL,
    staff_id uuid NOT NULL,
    version bigint NOT NULL,
    disabled boolean NOT NULL,
    CONSTRAINT staff_state_pkey PRIMARY KEY (practice_id, staff_id)
);

CREATE TABLE identity_task (
    practice_id uuid NOT NULL,
    id uuid NOT NULL,
    patient_id uuid NOT NULL,
    kind smallint NOT NULL,
    opened_at timestamptz NOT NULL,
    closed boolean NOT NULL,
    CONSTRAINT identity_task_pkey PRIMARY KEY (practice_id, id)
);
CREATE INDEX identity_task_open ON identity_task (practice_id, kind, opened_at, id) WHERE NOT closed;
"""

# The owner sees the messages of all practices only while the policies do not hold for it, which nobody else
# notices: the table stays locked until the end of this transaction.
_FILL: Final = """
ALTER TABLE message NO FORCE ROW LEVEL SECURITY;
INSERT INTO unread_message (practice_id, message_id, conversation_id, patient_id, kind, since, due_at)
SELECT
    practice_id, id, conversation_id, patient_id,
    CASE WHEN direction = 2 THEN 1 WHEN tick = 5 THEN 2 ELSE 3 END,
    CASE WHEN direction = 2 THEN sent_at WHEN tick = 5 THEN failed_at ELSE sent_at + interval '7 days' END,
    CASE WHEN direction = 1 THEN sent_at + interval '7 days' END
FROM message WHERE read_at IS NULL;
INSERT INTO conversation_author (practice_id, author_id, conversation_id)
SELECT DISTINCT practice_id, author_id, conversation_id FROM message WHERE direction = 1;
ALTER TABLE message FORCE ROW LEVEL SECURITY;
"""

_RIGHTS: Final = {
    "unread_message": "SELECT, INSERT, UPDATE, DELETE",
    "conversation_author": "SELECT, INSERT",
    "answering": "SELECT, INSERT, UPDATE, DELETE",
    "staff_state": "SELECT, INSERT, UPDATE",
    "identity_task": "SELECT, INSERT, UPDATE",
}


def upgrade() -> None:
    """Add the columns and tables, and fill what follows from the messages that are there."""
    op.execute(_CONVERSATION)
    op.execute(_WORK)
    op.execute(_FILL)
    for table, rights in _RIGHTS.items():
        op.execute(protect_sql(table, "practice_id", app_role(), rights))
