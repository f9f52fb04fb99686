"""Who reads for a patient: questions about shared contact data, representations, merged records."""

from alembic import op

from chassis.migrations import app_role, protect_sql

revision = "0003"
down_revision = "0004"

TABLES = """
ALTER TABLE patient
    ADD COLUMN merged_into uuid,
    ADD COLUMN reader_answered boolean NOT NULL DEFAULT false,
    ADD FOREIGN KEY (practice_id, merged_into) REFERENCES patient (practice_id, id),
    ADD CHECK (merged_into IS NULL OR archived_at IS NOT NULL);

CREATE TABLE reader_question (
    practice_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    patient_id uuid NOT NULL,
    cause text NOT NULL CHECK (cause IN ('contact_shared', 'fourteen', 'representation_ended')),
    opened_at timestamptz NOT NULL,
    closed_at timestamptz,
    PRIMARY KEY (practice_id, id),
    FOREIGN KEY (practice_id, patient_id) REFERENCES patient (practice_id, id)
);
CREATE UNIQUE INDEX reader_question_one_open ON reader_question (practice_id, patient_id)
    WHERE closed_at IS NULL;
CREATE INDEX reader_question_open_by_age ON reader_question (practice_id, opened_at, id)
    WHERE closed_at IS NULL;

CREATE TABLE representation (
    practice_id uuid NOT NULL,
    id uuid NOT NULL,
    patient_id uuid NOT NULL,
    representative_id uuid NOT NULL,
    basis text NOT NULL CHECK (basis IN ('custody', 'authorisation')),
    terms bytea NOT NULL,
    began_at timestamptz NOT NULL,
    asked_at timestamptz,
    ended_at timestamptz,
    checked_on date,
    PRIMARY KEY (practice_id, id),
    FOREIGN KEY (practice_id, patient_id) REFERENCES patient (practice_id, id),
    FOREIGN KEY (practice_id, representative_id) REFERENCES patient (practice_id, id),
    CHECK (patient_id <> representative_id)
);
CREATE UNIQUE INDEX representation_one_active ON representation (practice_id, patient_id)
    WHERE ended_at IS NULL;
CREATE INDEX representation_by_representative ON representation (practice_id, representative_id)
    WHERE ended_at IS NULL;
CREATE INDEX representation_by_check ON representation (checked_on, practice_id, id) WHERE ended_at IS NULL;

-- What was marked on both sides until now is asked on both sides: nothing was sent to either.
INSERT INTO reader_question (practice_id, patient_id, cause, opened_at)
    SELECT practice_id, id, 'contact_shared', now() FROM patient WHERE conflict;
"""

# An account's person has not said in which practices they read, and the worker looks after all of them.
FUNCTIONS = """
CREATE OR REPLACE FUNCTION patients_by_pair(wanted bytea) RETURNS TABLE (practice_id uuid, id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
    $$SELECT p.practice_id, p.id FROM patient p
      WHERE p.pair_index = wanted AND p.archived_at IS NULL ORDER BY p.practice_id, p.id$$;

CREATE FUNCTION representations_by_account(wanted uuid)
    RETURNS TABLE (
        practice_id uuid, id uuid, patient_id uuid, basis text, terms bytea, birth_date bytea,
        began_at timestamptz
    )
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
    $$SELECT r.practice_id, r.id, r.patient_id, r.basis, r.terms, p.birth_date, r.began_at
      FROM binding b
      JOIN representation r ON r.practice_id = b.practice_id AND r.representative_id = b.patient_id
      JOIN patient p ON p.practice_id = r.practice_id AND p.id = r.patient_id
      WHERE b.account_id = wanted AND b.state = 'active' AND b.kind = 'self'
        AND r.ended_at IS NULL AND p.archived_at IS NULL
      ORDER BY r.began_at, r.id$$;

CREATE FUNCTION representations_to_check(today date, most integer)
    RETURNS TABLE (practice_id uuid, id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
    $$SELECT r.practice_id, r.id FROM representation r
      WHERE r.ended_at IS NULL AND (r.checked_on IS NULL OR r.checked_on < today)
      ORDER BY r.checked_on, r.practice_id, r.id LIMIT most$$;
"""
ASKED = ("representations_by_account(uuid)", "representations_to_check(date, integer)")


def upgrade() -> None:
    app = app_role()
    op.execute(TABLES)
    op.execute(FUNCTIONS)
    for table in ("reader_question", "representation"):
        op.execute(protect_sql(table, "practice_id", app, "SELECT, INSERT, UPDATE"))
    op.execute("CREATE POLICY owner ON representation FOR SELECT TO CURRENT_USER USING (true)")
    for function in ASKED:
        op.execute(
            f'REVOKE ALL ON FUNCTION {function} FROM PUBLIC; GRANT EXECUTE ON FUNCTION {function} TO "{app}"'
        )
