"""Let requests that nobody repeats any more be forgotten."""

from alembic import op

from chassis.migrations import app_role, request_pruning_1

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.execute(request_pruning_1(app_role()))
