"""What a person changes of the own account: a forgotten password, contact data, its end."""

from alembic import op

from chassis.migrations import app_role, grant_sql

revision = "0005"
down_revision = "0003"

CODES = """
ALTER TABLE code DROP CONSTRAINT code_purpose_check;
ALTER TABLE code ADD CONSTRAINT code_purpose_check CHECK (purpose IN (
    'registration_email', 'registration_sms', 'login_sms',
    'reset_email', 'reset_sms', 'change_email', 'change_sms'
));
"""

# No account: nobody has the pair that was typed, and nothing ever leaves.
TABLES = """
CREATE TABLE password_reset (
    id uuid PRIMARY KEY,
    secret_hash bytea NOT NULL UNIQUE,
    pair_index bytea NOT NULL,
    password_hash text NOT NULL,
    account_id uuid,
    email_proven_at timestamptz,
    expires_at timestamptz NOT NULL
);
CREATE INDEX password_reset_by_pair ON password_reset (pair_index);
CREATE INDEX password_reset_by_end ON password_reset (expires_at);

CREATE TABLE contact_change (
    account_id uuid PRIMARY KEY,
    id uuid NOT NULL,
    contact bytea NOT NULL,
    email_index bytea NOT NULL,
    pair_index bytea NOT NULL,
    password_hash text NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX contact_change_by_end ON contact_change (expires_at);
"""

# Accounts that are deleted and whose keys are to be destroyed, in another database.
DOOMED = """
CREATE TABLE doomed_key (
    subject_id uuid PRIMARY KEY,
    since timestamptz NOT NULL
);
"""

# A person's account knows its bindings in every practice; those that are suspended end with it too.
FUNCTION = """
CREATE FUNCTION practices_of_account(wanted uuid) RETURNS TABLE (practice_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
    $$SELECT DISTINCT b.practice_id FROM binding b
      WHERE b.account_id = wanted AND b.state <> 'ended' ORDER BY b.practice_id$$;
REVOKE ALL ON FUNCTION practices_of_account(uuid) FROM PUBLIC;
"""


def upgrade() -> None:
    app = app_role()
    op.execute(CODES)
    op.execute(TABLES)
    op.execute(DOOMED)
    op.execute(FUNCTION)
    op.execute(f'GRANT EXECUTE ON FUNCTION practices_of_account(uuid) TO "{app}"')
    for table in ("password_reset", "contact_change", "doomed_key"):
        op.execute(grant_sql(table, app))
