"""Keep of held messages what a second person is shown, so that releasing one releases only the same."""

from typing import Final

from alembic import op

revision: Final = "0007"
down_revision: Final = "0006"


def upgrade() -> None:
    """What is held already has no such hash, and is released one by one."""
    op.execute("ALTER TABLE held_message ADD COLUMN shown_hash bytea")
