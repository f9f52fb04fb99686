"""What a practice lets its patients read while it is away."""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.execute("ALTER TABLE practice ADD COLUMN absence_notice text NOT NULL DEFAULT ''")
