"""Let the practices' events be taken in turn."""

from alembic import op

from chassis.migrations import inbox_turns_1

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.execute(inbox_turns_1())
