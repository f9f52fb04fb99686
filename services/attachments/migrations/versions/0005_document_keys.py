"""Join the patient's key, under which a document's values are sealed, with one of the document's own."""

from alembic import op

from chassis.migrations import app_role, doomed_data_key_1

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add only: what was sealed before keeps its patient's key."""
    op.execute(doomed_data_key_1(app_role()))
    op.execute("ALTER TABLE attachment ADD COLUMN key_id uuid")
