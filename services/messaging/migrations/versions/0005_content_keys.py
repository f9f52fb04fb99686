"""Give every message and every draft a key of its own, which goes with its content."""

from typing import Final

from alembic import op

from chassis.migrations import app_role, doomed_data_key_1

revision: Final = "0005"
down_revision: Final = "0003"

_KEYS: Final = """
ALTER TABLE message ADD COLUMN key_id uuid;
ALTER TABLE draft ADD COLUMN key_id uuid;
"""

# What is erased here still lies in older versions of the row, in the log and in backups: so its key goes.
_ERASE: Final = """
CREATE OR REPLACE FUNCTION erase_content(of_practice uuid, of_message uuid, erasing_at timestamptz)
    RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
BEGIN ATOMIC
    INSERT INTO doomed_data_key (key_id, since)
    SELECT m.key_id, erasing_at
    FROM message AS m
    WHERE m.practice_id = of_practice AND m.id = of_message AND m.key_id IS NOT NULL
        AND m.withdrawn_at IS NOT NULL AND m.erased_at IS NULL
    ON CONFLICT DO NOTHING;

    UPDATE message AS m
    SET subject = CASE WHEN m.subject IS NOT NULL THEN ''::bytea END, body = '', erased_at = erasing_at
    WHERE m.practice_id = of_practice AND m.id = of_message
        AND m.withdrawn_at IS NOT NULL AND m.erased_at IS NULL;

    UPDATE message_attachment AS a
    SET file_name = '', sha256 = ''
    FROM message AS m
    WHERE a.practice_id = of_practice AND a.message_id = of_message
        AND m.practice_id = of_practice AND m.id = of_message AND m.erased_at IS NOT NULL;
END;
"""


def upgrade() -> None:
    """Add only: what was sealed before keeps its patient's key."""
    op.execute(doomed_data_key_1(app_role()))
    op.execute(_KEYS)
    op.execute(_ERASE)
