"""The SQL that first made the chassis' tables: frozen, since databases out there were made by it.

Later changes come as further functions here, each called by a further migration of the services concerned.
"""

from chassis.sql import grant_sql, protect_sql

_TABLES = """
CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id uuid NOT NULL CONSTRAINT outbox_event_id_key UNIQUE,
    type text NOT NULL,
    envelope bytea NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    next_try timestamptz NOT NULL DEFAULT now(),
    attempts integer NOT NULL DEFAULT 0,
    published_at timestamptz
);
CREATE INDEX outbox_pending ON outbox (id) WHERE published_at IS NULL;
CREATE INDEX outbox_published ON outbox (published_at) WHERE published_at IS NOT NULL;

CREATE TABLE inbox (
    consumer text NOT NULL,
    event_id uuid NOT NULL,
    type text NOT NULL,
    envelope bytea NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    next_try timestamptz NOT NULL DEFAULT now(),
    attempts integer NOT NULL DEFAULT 0,
    state text NOT NULL DEFAULT 'pending',
    done_at timestamptz,
    error text NOT NULL DEFAULT '',
    PRIMARY KEY (consumer, event_id),
    CONSTRAINT inbox_state_known CHECK (state IN ('pending', 'done', 'dead'))
);
CREATE INDEX inbox_pending ON inbox (consumer, next_try) WHERE state = 'pending';
CREATE INDEX inbox_dead ON inbox (consumer) WHERE state = 'dead';
CREATE INDEX inbox_done ON inbox (done_at) WHERE state = 'done';

CREATE TABLE request (
    tenant_id uuid NOT NULL,
    actor_id uuid NOT NULL,
    rpc text NOT NULL,
    request_id uuid NOT NULL,
    request_hash bytea NOT NULL,
    response bytea,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, actor_id, rpc, request_id)
);

CREATE TABLE audit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id uuid NOT NULL,
    occurred_at timestamptz NOT NULL DEFAULT now(),
    actor_id uuid NOT NULL,
    actor_role text NOT NULL,
    action text NOT NULL,
    object_kind text NOT NULL,
    object_id uuid NOT NULL,
    why text NOT NULL DEFAULT ''
);
CREATE INDEX audit_object ON audit (tenant_id, object_kind, object_id, id);
"""


def chassis_tables_1(app_role: str) -> str:
    """The tables outbox, inbox, request and audit, with the app role's rights on them."""
    return "\n".join(
        (
            _TABLES,
            grant_sql("outbox", app_role, "SELECT, INSERT, UPDATE, DELETE"),
            grant_sql("inbox", app_role, "SELECT, INSERT, UPDATE, DELETE"),
            protect_sql("request", "tenant_id", app_role, "SELECT, INSERT, UPDATE"),
            protect_sql("audit", "tenant_id", app_role, "SELECT, INSERT"),
        )
    )


# Events that were there, and those that the version before adds, are nobody's: they have turns of their own.
_INBOX_TURNS = """
ALTER TABLE inbox ADD COLUMN tenant_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000';
CREATE INDEX inbox_turn ON inbox (consumer, tenant_id, next_try) WHERE state = 'pending';
"""


def inbox_turns_1() -> str:
    """Lets the inbox take the tenants' events in turn."""
    return _INBOX_TURNS


_DOOMED_DATA_KEY = """
CREATE TABLE doomed_data_key (
    key_id uuid PRIMARY KEY,
    since timestamptz NOT NULL
);
CREATE INDEX doomed_data_key_since ON doomed_data_key (since);
"""


def doomed_data_key_1(app_role: str) -> str:
    """The table doomed_data_key, for services that give data keys of their own."""
    return f"{_DOOMED_DATA_KEY}\n{grant_sql('doomed_data_key', app_role, 'SELECT, INSERT, UPDATE, DELETE')}"


# The owner sees and deletes all tenants' rows here, and only in this function.
_REQUEST_PRUNING = """
CREATE INDEX request_by_time ON request (recorded_at);
CREATE POLICY owner_sees ON request FOR SELECT TO CURRENT_USER USING (true);
CREATE POLICY owner_forgets ON request FOR DELETE TO CURRENT_USER USING (true);
CREATE FUNCTION forget_requests(older_than timestamptz, most integer) RETURNS integer
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
BEGIN ATOMIC
    WITH forgotten AS (
        DELETE FROM request
        WHERE (tenant_id, actor_id, rpc, request_id) IN (
            SELECT r.tenant_id, r.actor_id, r.rpc, r.request_id
            FROM request AS r WHERE r.recorded_at < older_than ORDER BY r.recorded_at LIMIT most
        )
        RETURNING 1
    )
    SELECT count(*)::integer FROM forgotten;
END;
REVOKE ALL ON FUNCTION forget_requests(timestamptz, integer) FROM PUBLIC;
"""


def request_pruning_1(app_role: str) -> str:
    """Lets the app role forget old requests of all tenants, and nothing else of them."""
    grant = f'GRANT EXECUTE ON FUNCTION forget_requests(timestamptz, integer) TO "{app_role}";'
    return f"{_REQUEST_PRUNING}\n{grant}"
