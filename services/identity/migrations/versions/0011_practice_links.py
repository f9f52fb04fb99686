"""Where a practice's imprint and privacy notice are."""

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.execute("""
        ALTER TABLE practice
            ADD COLUMN imprint_url text NOT NULL DEFAULT '',
            ADD COLUMN privacy_url text NOT NULL DEFAULT ''
    """)
