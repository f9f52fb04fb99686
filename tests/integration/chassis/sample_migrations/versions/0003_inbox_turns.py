"""The tenants' events are taken in turn."""

from alembic import op

from chassis.migrations import inbox_turns_1

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute(inbox_turns_1())
