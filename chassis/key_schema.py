"""The schema of a service's key database, version by version, for `chassis.migrations.migrate_sql`.

The app role can make and read keys and change none; it can destroy keys only by naming them or their subject.
"""

VERSIONS = (
    """
CREATE TABLE subject_key (
    subject_id uuid NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    wrapped bytea NOT NULL,
    wrapping_version integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (subject_id, version)
);
CREATE TABLE service_key (
    name text PRIMARY KEY,
    wrapped bytea NOT NULL,
    wrapping_version integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE signing_key (
    id text PRIMARY KEY,
    wrapped bytea NOT NULL,
    wrapping_version integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
GRANT SELECT, INSERT ON subject_key, service_key, signing_key TO {app_role};
""",
    """
CREATE FUNCTION destroy_subject_key(wanted uuid) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS
    $$DELETE FROM subject_key WHERE subject_id = wanted$$;
REVOKE ALL ON FUNCTION destroy_subject_key(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION destroy_subject_key(uuid) TO {app_role};
""",
    # What is destroyed is to leave the table's pages soon: without that, a few dead rows would stay for ever.
    """
CREATE TABLE data_key (
    id uuid PRIMARY KEY,
    wrapped bytea NOT NULL,
    wrapping_version integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
) WITH (autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0);
CREATE FUNCTION destroy_data_keys(wanted uuid[]) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS
    $$DELETE FROM data_key WHERE id = ANY (wanted)$$;
REVOKE ALL ON FUNCTION destroy_data_keys(uuid[]) FROM PUBLIC;
GRANT SELECT, INSERT ON data_key TO {app_role};
GRANT EXECUTE ON FUNCTION destroy_data_keys(uuid[]) TO {app_role};
""",
)
