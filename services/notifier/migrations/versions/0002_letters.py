"""Let one letter speak for several messages, and keep what is known of messages, addresses and deliveries."""

from typing import Final

from alembic import op

from chassis.migrations import app_role, protect_sql

revision: Final = "0002"
down_revision: Final = "0001"

# The state of a letter that is to be sent is 'waiting'; 'due' is what the version before made and looks for.
_LETTERS: Final = """
ALTER TABLE prompt
    ALTER COLUMN message_id DROP NOT NULL,
    ADD COLUMN kind text NOT NULL DEFAULT 'first',
    ADD COLUMN in_hand boolean NOT NULL DEFAULT false,
    DROP CONSTRAINT prompt_state_known,
    DROP CONSTRAINT prompt_settled,
    ADD CONSTRAINT prompt_kind_known CHECK (kind IN ('first', 'gathered', 'again', 'reminder')),
    ADD CONSTRAINT prompt_state_known CHECK (state IN ('due', 'waiting', 'accepted', 'failed', 'dropped')),
    ADD CONSTRAINT prompt_settled CHECK ((state IN ('due', 'waiting')) = (settled_at IS NULL));
CREATE INDEX prompt_pending ON prompt (due_at) WHERE state IN ('due', 'waiting');
CREATE INDEX prompt_patient ON prompt (practice_id, patient_id, created_at);
CREATE INDEX prompt_id ON prompt (id);

CREATE TABLE waiting_message (
    practice_id uuid NOT NULL,
    id uuid NOT NULL,
    patient_id uuid NOT NULL,
    sent_at timestamptz NOT NULL,
    shown_at timestamptz,
    closed_at timestamptz,
    remind_at timestamptz,
    reminded_at timestamptz,
    CONSTRAINT waiting_message_pkey PRIMARY KEY (practice_id, id)
);
CREATE INDEX waiting_message_remind ON waiting_message (remind_at) WHERE remind_at IS NOT NULL;

CREATE TABLE prompt_message (
    practice_id uuid NOT NULL,
    prompt_id uuid NOT NULL,
    message_id uuid NOT NULL,
    added_at timestamptz NOT NULL,
    needed boolean NOT NULL DEFAULT true,
    CONSTRAINT prompt_message_pkey PRIMARY KEY (practice_id, prompt_id, message_id),
    CONSTRAINT prompt_message_prompt_fkey
        FOREIGN KEY (practice_id, prompt_id) REFERENCES prompt (practice_id, id),
    CONSTRAINT prompt_message_message_fkey
        FOREIGN KEY (practice_id, message_id) REFERENCES waiting_message (practice_id, id)
);
CREATE INDEX prompt_message_of ON prompt_message (practice_id, message_id);

CREATE TABLE addressee (
    practice_id uuid NOT NULL,
    patient_id uuid NOT NULL,
    window_ends_at timestamptz,
    record_version bigint NOT NULL DEFAULT 0,
    contact_version bigint NOT NULL DEFAULT 0,
    stopped boolean NOT NULL DEFAULT false,
    suspect_version bigint,
    suspect_reason text,
    suspect_at timestamptz,
    suspect_since_record bigint NOT NULL DEFAULT 0,
    marked_record bigint NOT NULL DEFAULT 0,
    cleared_record bigint NOT NULL DEFAULT 0,
    CONSTRAINT addressee_pkey PRIMARY KEY (practice_id, patient_id),
    CONSTRAINT addressee_suspect_reason_known CHECK (suspect_reason IN ('bounced', 'not_for_me')),
    CONSTRAINT addressee_suspect_whole CHECK (
        (suspect_version IS NULL) = (suspect_reason IS NULL)
        AND (suspect_version IS NULL) = (suspect_at IS NULL)
    )
);

CREATE TABLE prompt_report (
    practice_id uuid NOT NULL,
    prompt_id uuid NOT NULL,
    kind text NOT NULL,
    at timestamptz NOT NULL,
    status text NOT NULL,
    CONSTRAINT prompt_report_pkey PRIMARY KEY (practice_id, prompt_id, kind),
    CONSTRAINT prompt_report_prompt_fkey
        FOREIGN KEY (practice_id, prompt_id) REFERENCES prompt (practice_id, id),
    CONSTRAINT prompt_report_kind_known
        CHECK (kind IN ('delivered', 'relayed', 'delayed', 'failed', 'not_for_me'))
);
"""

_TABLES: Final = {
    "waiting_message": "SELECT, INSERT, UPDATE",
    "prompt_message": "SELECT, INSERT, UPDATE",
    "addressee": "SELECT, INSERT, UPDATE",
    "prompt_report": "SELECT, INSERT",
}

# What the version before has made, and what it makes while both versions run.
_FROM_THE_VERSION_BEFORE: Final = """
CREATE POLICY owner ON waiting_message TO CURRENT_USER USING (true);
CREATE POLICY owner ON prompt_message TO CURRENT_USER USING (true);

INSERT INTO waiting_message (practice_id, id, patient_id, sent_at)
SELECT practice_id, message_id, patient_id, sent_at FROM prompt;
INSERT INTO prompt_message (practice_id, prompt_id, message_id, added_at)
SELECT practice_id, id, message_id, sent_at FROM prompt;

CREATE FUNCTION note_message_of_due_prompt() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO public.waiting_message (practice_id, id, patient_id, sent_at)
    VALUES (NEW.practice_id, NEW.message_id, NEW.patient_id, NEW.sent_at) ON CONFLICT DO NOTHING;
    INSERT INTO public.prompt_message (practice_id, prompt_id, message_id, added_at)
    VALUES (NEW.practice_id, NEW.id, NEW.message_id, NEW.sent_at);
    RETURN NULL;
END $$;
CREATE TRIGGER note_message AFTER INSERT ON prompt FOR EACH ROW WHEN (NEW.state = 'due')
EXECUTE FUNCTION note_message_of_due_prompt();
"""

# As in 0001: what must be looked for over all practices, the owner does.
_OVER_ALL_PRACTICES: Final = """
CREATE FUNCTION claim_due_letter(moment timestamptz, lease_end timestamptz)
RETURNS TABLE (
    practice_id uuid, id uuid, patient_id uuid, reference text, kind text,
    sent_at timestamptz, created_at timestamptz, attempts integer
)
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
    UPDATE prompt SET attempts = prompt.attempts + 1, due_at = lease_end, in_hand = true
    FROM (
        SELECT p.practice_id, p.id FROM prompt p
        WHERE p.state IN ('due', 'waiting') AND p.due_at <= moment
        ORDER BY p.due_at LIMIT 1 FOR UPDATE SKIP LOCKED
    ) AS next
    WHERE prompt.practice_id = next.practice_id AND prompt.id = next.id
    RETURNING prompt.practice_id, prompt.id, prompt.patient_id, prompt.reference, prompt.kind,
        prompt.sent_at, prompt.created_at, prompt.attempts;
END;

CREATE OR REPLACE FUNCTION prompt_figures(moment timestamptz)
RETURNS TABLE (oldest_due_at timestamptz, last_accepted_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
    SELECT
        (SELECT min(due_at) FROM prompt WHERE state IN ('due', 'waiting') AND due_at <= moment),
        (SELECT max(settled_at) FROM prompt WHERE state = 'accepted');
END;

CREATE FUNCTION find_letter(wanted uuid)
RETURNS TABLE (practice_id uuid, id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
    SELECT p.practice_id, p.id FROM prompt p WHERE p.id = wanted;
END;

CREATE FUNCTION find_letter_by_reference(wanted text)
RETURNS TABLE (practice_id uuid, id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
    SELECT p.practice_id, p.id FROM prompt p WHERE p.reference = wanted;
END;

CREATE FUNCTION patients_to_remind(moment timestamptz, most integer)
RETURNS TABLE (practice_id uuid, patient_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
    SELECT DISTINCT due.practice_id, due.patient_id FROM (
        SELECT m.practice_id, m.patient_id FROM waiting_message m
        WHERE m.remind_at <= moment ORDER BY m.remind_at LIMIT most
    ) AS due;
END;
"""
_FUNCTIONS: Final = (
    "claim_due_letter(timestamptz, timestamptz)",
    "find_letter(uuid)",
    "find_letter_by_reference(text)",
    "patients_to_remind(timestamptz, integer)",
)


def upgrade() -> None:
    """Add everything; nothing that the version before uses goes away."""
    role = app_role()
    op.execute(_LETTERS)
    for table, rights in _TABLES.items():
        op.execute(protect_sql(table, "practice_id", role, rights))
    op.execute(_FROM_THE_VERSION_BEFORE)
    op.execute(_OVER_ALL_PRACTICES)
    for function in _FUNCTIONS:
        op.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")
        op.execute(f'GRANT EXECUTE ON FUNCTION {function} TO "{role}"')
