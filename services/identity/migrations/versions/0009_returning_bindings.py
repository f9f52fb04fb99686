"""What birth date a binding rests on, so that a suspended one can come back without asking for it again."""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.execute("ALTER TABLE binding ADD COLUMN birth_date_index bytea")
