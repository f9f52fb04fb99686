"""Say of documents whether their message was withdrawn, and find them by it."""

from alembic import op

revision = "0003"
down_revision = "0002"

_WITHDRAWALS = """
ALTER TABLE attachment ADD COLUMN withdrawn_at timestamptz;
CREATE INDEX attachment_message ON attachment (practice_id, message_id) WHERE message_id IS NOT NULL;
"""


def upgrade() -> None:
    op.execute(_WITHDRAWALS)
