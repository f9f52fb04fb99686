"""Old requests may be forgotten."""

from alembic import op

from chassis.migrations import app_role, request_pruning_1

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute(request_pruning_1(app_role()))
