"""Make the prompts, their attempts and the chassis' tables."""

from typing import Final

from alembic import op

from chassis.migrations import app_role, chassis_tables_1, protect_sql

revision: Final = "0001"
down_revision: Final = None

_PROMPTS: Final = """
CREATE TABLE prompt (
    practice_id uuid NOT NULL,
    id uuid NOT NULL,
    message_id uuid NOT NULL,
    patient_id uuid NOT NULL,
    reference text NOT NULL,
    sent_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    state text NOT NULL,
    failure text,
    contact_version bigint,
    attempts integer NOT NULL,
    due_at timestamptz NOT NULL,
    settled_at timestamptz,
    CONSTRAINT prompt_pkey PRIMARY KEY (practice_id, id),
    CONSTRAINT prompt_message_key UNIQUE (practice_id, message_id),
    CONSTRAINT prompt_reference_key UNIQUE (reference),
    CONSTRAINT prompt_state_known CHECK (state IN ('due', 'accepted', 'failed')),
    CONSTRAINT prompt_settled CHECK ((state = 'due') = (settled_at IS NULL)),
    CONSTRAINT prompt_failed_with_reason CHECK ((state = 'failed') = (failure IS NOT NULL))
);
CREATE INDEX prompt_due ON prompt (due_at) WHERE state = 'due';
CREATE INDEX prompt_accepted ON prompt (settled_at) WHERE state = 'accepted';

CREATE TABLE prompt_attempt (
    practice_id uuid NOT NULL,
    prompt_id uuid NOT NULL,
    number integer NOT NULL,
    at timestamptz NOT NULL,
    outcome text NOT NULL,
    contact_version bigint NOT NULL,
    smtp_code smallint,
    CONSTRAINT prompt_attempt_pkey PRIMARY KEY (practice_id, prompt_id, number),
    CONSTRAINT prompt_attempt_prompt_fkey
        FOREIGN KEY (practice_id, prompt_id) REFERENCES prompt (practice_id, id)
);
"""

# What is due is looked for over all practices, which no transaction of the app role may do by itself. So the
# owner does it in these functions, and its policy lets it.
_OVER_ALL_PRACTICES: Final = """
CREATE POLICY owner ON prompt TO CURRENT_USER USING (true);

CREATE FUNCTION claim_due_prompt(moment timestamptz, lease_end timestamptz)
RETURNS TABLE (
    practice_id uuid, id uuid, message_id uuid, patient_id uuid, reference text,
    sent_at timestamptz, created_at timestamptz, attempts integer
)
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
    UPDATE prompt SET attempts = prompt.attempts + 1, due_at = lease_end
    FROM (
        SELECT p.practice_id, p.id FROM prompt p
        WHERE p.state = 'due' AND p.due_at <= moment
        ORDER BY p.due_at LIMIT 1 FOR UPDATE SKIP LOCKED
    ) AS next
    WHERE prompt.practice_id = next.practice_id AND prompt.id = next.id
    RETURNING prompt.practice_id, prompt.id, prompt.message_id, prompt.patient_id, prompt.reference,
        prompt.sent_at, prompt.created_at, prompt.attempts;
END;

CREATE FUNCTION prompt_figures(moment timestamptz)
RETURNS TABLE (oldest_due_at timestamptz, last_accepted_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
    SELECT
        (SELECT min(due_at) FROM prompt WHERE state = 'due' AND due_at <= moment),
        (SELECT max(settled_at) FROM prompt WHERE state = 'accepted');
END;
"""
_FUNCTIONS: Final = ("claim_due_prompt(timestamptz, timestamptz)", "prompt_figures(timestamptz)")


def upgrade() -> None:
    """Make everything, and give the app role what it needs: attempts, for one, are only ever added."""
    role = app_role()
    op.execute(chassis_tables_1(role))
    op.execute(_PROMPTS)
    op.execute(protect_sql("prompt", "practice_id", role, "SELECT, INSERT, UPDATE"))
    op.execute(protect_sql("prompt_attempt", "practice_id", role, "SELECT, INSERT"))
    op.execute(_OVER_ALL_PRACTICES)
    for function in _FUNCTIONS:
        op.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")
        op.execute(f'GRANT EXECUTE ON FUNCTION {function} TO "{role}"')
