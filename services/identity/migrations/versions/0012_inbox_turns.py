"""Let the practices' events be taken in turn."""

from alembic import op

from chassis.migrations import inbox_turns_1

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.execute(inbox_turns_1())
