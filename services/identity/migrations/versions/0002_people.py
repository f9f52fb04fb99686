"""Accounts, registrations, logins, codes, sessions and notices: the person's side."""

from alembic import op

from chassis.migrations import app_role, grant_sql

revision = "0002"
down_revision = "0001"

TABLES = """
CREATE TABLE account (
    id uuid PRIMARY KEY,
    pair_index bytea NOT NULL UNIQUE,
    email_index bytea NOT NULL,
    contact bytea NOT NULL,
    password_hash text NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX account_by_email ON account (email_index);

CREATE TABLE registration (
    id uuid PRIMARY KEY,
    secret_hash bytea NOT NULL UNIQUE,
    email_index bytea NOT NULL,
    pair_index bytea NOT NULL,
    typed bytea NOT NULL,
    state text NOT NULL CHECK (state IN ('email_code', 'sms_code', 'proven')),
    created_at timestamptz NOT NULL,
    mobile_proven_at timestamptz,
    expires_at timestamptz NOT NULL,
    CHECK ((state = 'proven') = (mobile_proven_at IS NOT NULL))
);
CREATE INDEX registration_by_end ON registration (expires_at);

CREATE TABLE login (
    id uuid PRIMARY KEY,
    secret_hash bytea NOT NULL,
    account_id uuid,
    expires_at timestamptz NOT NULL
);
CREATE INDEX login_by_secret ON login (secret_hash);
CREATE INDEX login_by_end ON login (expires_at);

CREATE TABLE code (
    flow_id uuid NOT NULL,
    purpose text NOT NULL CHECK (purpose IN ('registration_email', 'registration_sms', 'login_sms')),
    code_hash bytea NOT NULL,
    tries integer NOT NULL,
    used_at timestamptz,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (flow_id, purpose)
);
CREATE INDEX code_by_end ON code (expires_at);

CREATE TABLE code_window (
    address_hash bytea PRIMARY KEY,
    sent_at timestamptz[] NOT NULL,
    last_sent_at timestamptz NOT NULL
);
CREATE INDEX code_window_by_time ON code_window (last_sent_at);

CREATE TABLE login_attempt (
    address_hash bytea PRIMARY KEY,
    failures integer NOT NULL,
    last_at timestamptz NOT NULL,
    blocked_until timestamptz NOT NULL
);
CREATE INDEX login_attempt_by_time ON login_attempt (last_at);

CREATE TABLE session (
    id uuid PRIMARY KEY,
    secret_hash bytea NOT NULL UNIQUE,
    holder text NOT NULL CHECK (holder IN ('staff', 'account')),
    holder_id uuid NOT NULL,
    mobile_proven_at timestamptz,
    created_at timestamptz NOT NULL,
    last_used_at timestamptz NOT NULL,
    ended_at timestamptz
);
CREATE INDEX session_by_holder ON session (holder_id, created_at);
CREATE INDEX session_by_time ON session (created_at);

CREATE TABLE notice (
    id uuid PRIMARY KEY,
    sealed bytea NOT NULL,
    expires_at timestamptz NOT NULL,
    attempts smallint NOT NULL,
    next_try timestamptz NOT NULL
);
CREATE INDEX notice_by_next_try ON notice (next_try);
"""

# A session names its staff member only; the member's practice is where everything else of theirs is found.
STAFF_MEMBER_BY_ID = """
CREATE UNIQUE INDEX staff_member_by_id ON staff_member (id);
CREATE FUNCTION staff_member_by_id(wanted uuid)
    RETURNS TABLE (practice_id uuid, role text, disabled_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
    $$SELECT m.practice_id, m.role, m.disabled_at FROM staff_member m WHERE m.id = wanted$$;
REVOKE ALL ON FUNCTION staff_member_by_id(uuid) FROM PUBLIC;
"""

PEOPLE = ("account", "registration", "login", "code", "code_window", "login_attempt", "session", "notice")


def upgrade() -> None:
    app = app_role()
    op.execute(TABLES)
    for table in PEOPLE:
        op.execute(grant_sql(table, app))
    op.execute(STAFF_MEMBER_BY_ID)
    op.execute(f'GRANT EXECUTE ON FUNCTION staff_member_by_id(uuid) TO "{app}"')
