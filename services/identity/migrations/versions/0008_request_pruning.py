"""Let requests that nobody repeats any more be forgotten."""

from alembic import op

from chassis.migrations import app_role, request_pruning_1

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.execute(request_pruning_1(app_role()))
