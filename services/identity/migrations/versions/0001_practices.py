"""Practices, staff, patients, bindings, service accounts, and the chassis' tables."""

from alembic import op

from chassis.migrations import app_role, chassis_tables_1, protect_sql

revision = "0001"
down_revision = None

TABLES = """
CREATE TABLE practice (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    prompt_name text NOT NULL,
    phone text NOT NULL,
    language text NOT NULL CHECK (language IN ('de', 'en')),
    region text NOT NULL CHECK (region ~ '^[A-Z]{2}$'),
    created_at timestamptz NOT NULL
);
CREATE INDEX practice_by_age ON practice (created_at, id);

CREATE TABLE staff_member (
    practice_id uuid NOT NULL REFERENCES practice (id),
    id uuid NOT NULL,
    email bytea NOT NULL,
    given_name bytea NOT NULL,
    family_name bytea NOT NULL,
    email_index bytea NOT NULL,
    role text NOT NULL CHECK (role IN ('admin', 'physician', 'assistant')),
    password_hash text,
    disabled_at timestamptz,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (practice_id, id),
    UNIQUE (practice_id, email_index)
);
CREATE INDEX staff_member_by_email ON staff_member (email_index);
CREATE INDEX staff_member_by_age ON staff_member (practice_id, created_at, id);

CREATE TABLE staff_invitation (
    practice_id uuid NOT NULL,
    id uuid NOT NULL,
    staff_id uuid NOT NULL,
    code_hash bytea NOT NULL UNIQUE,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (practice_id, id),
    FOREIGN KEY (practice_id, staff_id) REFERENCES staff_member (practice_id, id)
);
CREATE INDEX staff_invitation_by_member ON staff_invitation (practice_id, staff_id, created_at);

CREATE TABLE patient (
    practice_id uuid NOT NULL REFERENCES practice (id),
    id uuid NOT NULL,
    given_name bytea NOT NULL,
    family_name bytea NOT NULL,
    birth_date bytea,
    email bytea,
    mobile bytea,
    language text CHECK (language IN ('de', 'en')),
    birth_date_index bytea,
    email_index bytea,
    mobile_index bytea,
    pair_index bytea,
    conflict boolean NOT NULL,
    birth_date_tries smallint NOT NULL,
    version bigint NOT NULL,
    contact_version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (practice_id, id),
    CHECK ((birth_date IS NULL) = (birth_date_index IS NULL)),
    CHECK ((email IS NULL) = (email_index IS NULL)),
    CHECK ((mobile IS NULL) = (mobile_index IS NULL)),
    CHECK ((email IS NULL OR mobile IS NULL) = (pair_index IS NULL))
);
CREATE INDEX patient_by_age ON patient (practice_id, created_at, id);
CREATE INDEX patient_by_birth_date ON patient (practice_id, birth_date_index);
CREATE INDEX patient_by_pair ON patient (pair_index, practice_id) WHERE pair_index IS NOT NULL;

CREATE TABLE patient_search (
    practice_id uuid NOT NULL,
    patient_id uuid NOT NULL,
    token bytea NOT NULL,
    PRIMARY KEY (practice_id, token, patient_id),
    FOREIGN KEY (practice_id, patient_id) REFERENCES patient (practice_id, id)
);
CREATE INDEX patient_search_by_patient ON patient_search (practice_id, patient_id);

CREATE TABLE binding (
    practice_id uuid NOT NULL,
    id uuid NOT NULL,
    patient_id uuid NOT NULL,
    account_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('self', 'representative')),
    state text NOT NULL CHECK (state IN ('active', 'suspended', 'ended')),
    pair_index bytea NOT NULL,
    bound_at timestamptz NOT NULL,
    PRIMARY KEY (practice_id, id),
    FOREIGN KEY (practice_id, patient_id) REFERENCES patient (practice_id, id)
);
CREATE INDEX binding_by_patient ON binding (practice_id, patient_id);
CREATE INDEX binding_by_account ON binding (account_id);
CREATE UNIQUE INDEX binding_one_self ON binding (practice_id, pair_index)
    WHERE state = 'active' AND kind = 'self';

CREATE TABLE service_account (
    id uuid PRIMARY KEY,
    practice_id uuid REFERENCES practice (id),
    scope_id uuid NOT NULL
        GENERATED ALWAYS AS (coalesce(practice_id, '00000000-0000-0000-0000-000000000000'::uuid)) STORED,
    label text NOT NULL,
    role text NOT NULL CHECK (
        role IN ('practice_service', 'operator', 'portal', 'identity', 'messaging', 'attachments', 'notifier')
    ),
    secret_hash bytea NOT NULL,
    disabled_at timestamptz,
    created_at timestamptz NOT NULL,
    CHECK ((role = 'practice_service') = (practice_id IS NOT NULL))
);
CREATE INDEX service_account_by_age ON service_account (scope_id, created_at, id);
"""

# A person who logs in has not said for which practice, and an operator lists them all. So these questions,
# and no others, are answered across practices; each returns what is needed to open a practice's transaction.
# Their path names pg_temp last: unnamed it comes first, and a caller's temporary view with a table's name
# would run the caller's code as the owner.
FUNCTIONS = {
    "practices_after(after_created timestamptz, after_id uuid, most integer)": (
        "SETOF practice",
        """SELECT * FROM practice
           WHERE (practice.created_at, practice.id) > (after_created, after_id)
           ORDER BY practice.created_at, practice.id LIMIT most""",
    ),
    "staff_members_by_email(wanted bytea)": (
        "TABLE (practice_id uuid, id uuid, password_hash text, disabled_at timestamptz)",
        """SELECT m.practice_id, m.id, m.password_hash, m.disabled_at FROM staff_member m
           WHERE m.email_index = wanted ORDER BY m.practice_id, m.id""",
    ),
    "staff_member_by_invitation(wanted bytea)": (
        "TABLE (practice_id uuid, staff_id uuid)",
        "SELECT i.practice_id, i.staff_id FROM staff_invitation i WHERE i.code_hash = wanted",
    ),
    "patients_by_pair(wanted bytea)": (
        "TABLE (practice_id uuid, id uuid)",
        """SELECT p.practice_id, p.id FROM patient p
           WHERE p.pair_index = wanted ORDER BY p.practice_id, p.id""",
    ),
    "active_bindings(wanted uuid)": (
        "TABLE (practice_id uuid, id uuid, patient_id uuid, kind text, bound_at timestamptz)",
        """SELECT b.practice_id, b.id, b.patient_id, b.kind, b.bound_at FROM binding b
           WHERE b.account_id = wanted AND b.state = 'active' ORDER BY b.bound_at, b.id""",
    ),
    "service_account_secret(wanted uuid)": (
        "TABLE (practice_id uuid, role text, secret_hash bytea, disabled_at timestamptz)",
        """SELECT a.practice_id, a.role, a.secret_hash, a.disabled_at FROM service_account a
           WHERE a.id = wanted""",
    ),
}

ASKED_ACROSS = ("practice", "staff_member", "staff_invitation", "patient", "binding", "service_account")


def upgrade() -> None:
    app = app_role()
    op.execute(chassis_tables_1(app))
    op.execute(TABLES)
    op.execute(protect_sql("practice", "id", app, "SELECT, INSERT, UPDATE"))
    for table in ("staff_member", "patient", "binding"):
        op.execute(protect_sql(table, "practice_id", app, "SELECT, INSERT, UPDATE"))
    op.execute(protect_sql("staff_invitation", "practice_id", app, "SELECT, INSERT"))
    op.execute(protect_sql("patient_search", "practice_id", app, "SELECT, INSERT, DELETE"))
    op.execute(protect_sql("service_account", "scope_id", app, "SELECT, INSERT, UPDATE"))
    for table in ASKED_ACROSS:
        op.execute(f"CREATE POLICY owner ON {table} FOR SELECT TO CURRENT_USER USING (true)")
    for signature, (result, query) in FUNCTIONS.items():
        op.execute(
            f"CREATE FUNCTION {signature} RETURNS {result} LANGUAGE sql STABLE SECURITY DEFINER"
            f" SET search_path = public, pg_temp AS $${query}$$"
        )
        types = ", ".join(
            argument.split()[1] for argument in signature.partition("(")[2].rstrip(")").split(", ")
        )
        name = f"{signature.partition('(')[0]}({types})"
        op.execute(f'REVOKE ALL ON FUNCTION {name} FROM PUBLIC; GRANT EXECUTE ON FUNCTION {name} TO "{app}"')
