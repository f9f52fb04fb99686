"""The schema of a service's key database, version by version, for `chassis.migrations.migrate_sql`.

The app role can make and read keys; it can neither change nor destroy one.
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
)
