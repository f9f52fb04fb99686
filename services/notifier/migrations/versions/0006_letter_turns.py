"""Let the practices' letters be sent in turn."""

from typing import Final

from alembic import op

from chassis.migrations import app_role

revision: Final = "0006"
down_revision: Final = "0005"

# Looks up one practice after the other in the index prompt_turn, however many letters each of them has. As in
# 0001: the owner does what goes over all practices.
_TURNS: Final = """
CREATE INDEX prompt_turn ON prompt (practice_id, due_at) WHERE state IN ('due', 'waiting');

CREATE FUNCTION claim_due_letters(moment timestamptz, lease_end timestamptz, first uuid, most integer)
RETURNS TABLE (
    practice_id uuid, id uuid, patient_id uuid, reference text, kind text,
    sent_at timestamptz, created_at timestamptz, attempts integer, turn integer
)
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
    WITH RECURSIVE turns (practice_id, number) AS (
        (SELECT p.practice_id, 1 FROM prompt p
         WHERE p.state IN ('due', 'waiting') AND p.due_at <= moment AND p.practice_id >= first
         ORDER BY p.practice_id LIMIT 1)
        UNION ALL
        SELECT (SELECT p.practice_id FROM prompt p
                WHERE p.state IN ('due', 'waiting') AND p.due_at <= moment
                    AND p.practice_id > turns.practice_id
                ORDER BY p.practice_id LIMIT 1), turns.number + 1
        FROM turns WHERE turns.practice_id IS NOT NULL AND turns.number < most
    ), next AS MATERIALIZED (
        SELECT letter.practice_id, letter.id, turns.number FROM turns CROSS JOIN LATERAL (
            SELECT p.practice_id, p.id FROM prompt p
            WHERE p.state IN ('due', 'waiting') AND p.due_at <= moment
                AND p.practice_id = turns.practice_id
            ORDER BY p.due_at
            LIMIT (SELECT greatest(1, most / nullif(count(t.practice_id), 0)) FROM turns t)
            FOR UPDATE SKIP LOCKED
        ) AS letter
    )
    UPDATE prompt SET attempts = prompt.attempts + 1, due_at = lease_end, in_hand = true
    FROM next
    WHERE prompt.practice_id = next.practice_id AND prompt.id = next.id
    RETURNING prompt.practice_id, prompt.id, prompt.patient_id, prompt.reference, prompt.kind,
        prompt.sent_at, prompt.created_at, prompt.attempts, next.number;
END;
"""
_FUNCTION: Final = "claim_due_letters(timestamptz, timestamptz, uuid, integer)"


def upgrade() -> None:
    """Add the index and the function; the version before goes on with its own."""
    op.execute(_TURNS)
    op.execute(f"REVOKE ALL ON FUNCTION {_FUNCTION} FROM PUBLIC")
    op.execute(f'GRANT EXECUTE ON FUNCTION {_FUNCTION} TO "{app_role()}"')
