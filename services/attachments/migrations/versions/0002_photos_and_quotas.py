"""Who uploaded and opened a document, photos as they came, and how much room a practice's documents take."""

from alembic import op

from chassis.migrations import app_role, protect_sql

revision = "0002"
down_revision = "0001"

_ATTACHMENT = """
ALTER TABLE attachment
    ADD COLUMN uploaded_by text NOT NULL DEFAULT 'practice' CHECK (uploaded_by IN ('practice', 'patient')),
    ADD COLUMN opened_at timestamptz;
"""

_ORIGINAL = """
CREATE TABLE original (
    practice_id uuid NOT NULL,
    attachment_id uuid NOT NULL,
    size bigint NOT NULL CHECK (size > 0),
    sha256_sealed bytea NOT NULL,
    media_type text NOT NULL,
    object_key text UNIQUE,
    key_sealed bytea,
    PRIMARY KEY (practice_id, attachment_id),
    FOREIGN KEY (practice_id, attachment_id) REFERENCES attachment (practice_id, id) ON DELETE CASCADE,
    CHECK ((object_key IS NULL) = (key_sealed IS NULL))
);
CREATE POLICY collector ON original FOR SELECT TO CURRENT_USER USING (true);

CREATE OR REPLACE FUNCTION known_objects(wanted text[])
    RETURNS SETOF text
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
BEGIN ATOMIC
    SELECT a.object_key FROM attachment AS a WHERE a.object_key = ANY (wanted)
    UNION ALL
    SELECT o.object_key FROM original AS o WHERE o.object_key = ANY (wanted);
END;
"""

# What is there already counts: the owner may read every practice's documents.
_USAGE = """
CREATE TABLE usage (
    practice_id uuid PRIMARY KEY,
    used_bytes bigint NOT NULL DEFAULT 0 CHECK (used_bytes >= 0),
    quota_bytes bigint CHECK (quota_bytes > 0)
);
INSERT INTO usage (practice_id, used_bytes)
    SELECT practice_id, sum(size) FROM attachment WHERE size IS NOT NULL GROUP BY practice_id;
"""


def upgrade() -> None:
    role = app_role()
    op.execute(_ATTACHMENT)
    op.execute(_ORIGINAL)
    op.execute(protect_sql("original", "practice_id", role))
    op.execute(_USAGE)
    op.execute(protect_sql("usage", "practice_id", role, "SELECT, INSERT, UPDATE"))
