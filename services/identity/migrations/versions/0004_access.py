"""Marks of a record, tasks of a practice, what keeps a patient out, imports by the practice's own numbers."""

from alembic import op

from chassis.migrations import app_role, grant_sql, protect_sql

revision = "0004"
down_revision = "0002"

COLUMNS = """
ALTER TABLE patient
    ADD COLUMN objected_at timestamptz,
    ADD COLUMN deceased_at timestamptz,
    ADD COLUMN archived_at timestamptz,
    ADD COLUMN address_suspect text CHECK (address_suspect IN ('refused', 'not_for_me')),
    ADD COLUMN external_index bytea;
CREATE UNIQUE INDEX patient_by_external ON patient (practice_id, external_index)
    WHERE external_index IS NOT NULL;
CREATE INDEX patient_by_email ON patient (email_index, practice_id) WHERE email_index IS NOT NULL;

ALTER TABLE registration
    ADD COLUMN birth_date bytea,
    ADD COLUMN look_due boolean NOT NULL DEFAULT false;
CREATE INDEX registration_by_pair ON registration (pair_index);
CREATE INDEX registration_by_email ON registration (email_index);
CREATE INDEX registration_to_look_at ON registration (created_at) WHERE look_due;
CREATE INDEX login_by_account ON login (account_id);
"""

TABLES = """
CREATE TABLE task (
    practice_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    patient_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN (
        'who_reads', 'cannot_get_in', 'not_for_me', 'import_differs', 'address_suspect', 'representation_ends'
    )),
    opened_at timestamptz NOT NULL,
    closed_at timestamptz,
    PRIMARY KEY (practice_id, id),
    FOREIGN KEY (practice_id, patient_id) REFERENCES patient (practice_id, id)
);
CREATE UNIQUE INDEX task_one_open ON task (practice_id, patient_id, kind) WHERE closed_at IS NULL;

CREATE TABLE access_problem (
    practice_id uuid NOT NULL,
    patient_id uuid NOT NULL,
    registration_id uuid NOT NULL REFERENCES registration (id) ON DELETE CASCADE,
    obstacle text NOT NULL CHECK (obstacle IN ('mobile', 'birth_date', 'locked', 'question', 'none')),
    noticed_at timestamptz NOT NULL,
    PRIMARY KEY (practice_id, patient_id, registration_id),
    FOREIGN KEY (practice_id, patient_id) REFERENCES patient (practice_id, id)
);
CREATE INDEX access_problem_by_registration ON access_problem (registration_id);

CREATE TABLE import_difference (
    practice_id uuid NOT NULL,
    patient_id uuid NOT NULL,
    email bytea,
    mobile bytea,
    difference_index bytea NOT NULL,
    noticed_at timestamptz NOT NULL,
    settled_at timestamptz,
    PRIMARY KEY (practice_id, patient_id),
    FOREIGN KEY (practice_id, patient_id) REFERENCES patient (practice_id, id)
);
"""

# Which registrations are to be looked at again. Asked for behind the lock on a pair, which is taken after
# that on a registration: so the registrations themselves are only touched later, by the worker.
LOOK = """
CREATE TABLE look (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    pair_index bytea,
    email_index bytea
);
"""

# Who proved an address has not said which practice wrote to it; what was noticed goes where it was noted.
ASKED_ACROSS = """
CREATE FUNCTION patients_by_email(wanted bytea) RETURNS TABLE (practice_id uuid, id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
    $$SELECT p.practice_id, p.id FROM patient p
      WHERE p.email_index = wanted AND p.archived_at IS NULL ORDER BY p.practice_id, p.id$$;
REVOKE ALL ON FUNCTION patients_by_email(bytea) FROM PUBLIC;

CREATE POLICY owner ON access_problem FOR SELECT TO CURRENT_USER USING (true);
CREATE FUNCTION practices_with_problem(wanted uuid) RETURNS TABLE (practice_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
    $$SELECT DISTINCT p.practice_id FROM access_problem p WHERE p.registration_id = wanted$$;
REVOKE ALL ON FUNCTION practices_with_problem(uuid) FROM PUBLIC;
"""


def upgrade() -> None:
    app = app_role()
    op.execute(COLUMNS)
    op.execute(TABLES)
    op.execute(protect_sql("task", "practice_id", app, "SELECT, INSERT, UPDATE"))
    for table in ("access_problem", "import_difference"):
        op.execute(protect_sql(table, "practice_id", app))
    op.execute(LOOK)
    op.execute(grant_sql("look", app, "SELECT, INSERT, UPDATE, DELETE"))
    op.execute(ASKED_ACROSS)
    op.execute(f'GRANT EXECUTE ON FUNCTION patients_by_email(bytea) TO "{app}"')
    op.execute(f'GRANT EXECUTE ON FUNCTION practices_with_problem(uuid) TO "{app}"')
