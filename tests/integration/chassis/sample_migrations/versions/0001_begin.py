"""The chassis' tables and one table of tenants' rows."""

from alembic import op

from chassis.migrations import app_role, chassis_tables_1, protect_sql

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute(chassis_tables_1(app_role()))
    op.execute("CREATE TABLE thing (tenant_id uuid NOT NULL, id uuid PRIMARY KEY, value text NOT NULL)")
    op.execute(protect_sql("thing", "tenant_id", app_role()))
