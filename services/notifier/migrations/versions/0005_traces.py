"""Let a letter that waits remember the trace of the message that it was made for."""

from typing import Final

from alembic import op

revision: Final = "0005"
down_revision: Final = "0004"


def upgrade() -> None:
    """The version before makes letters that belong to no trace."""
    op.execute("ALTER TABLE prompt ADD COLUMN traceparent text NOT NULL DEFAULT ''")
