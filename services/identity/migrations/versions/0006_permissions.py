"""The permission of a patient to be written to electronically."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.execute("ALTER TABLE patient ADD COLUMN permitted_at timestamptz")
