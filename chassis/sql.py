"""SQL that migrations share: who may use a table, and which of its rows."""


def grant_sql(table: str, app_role: str, rights: str = "SELECT, INSERT, UPDATE, DELETE") -> str:
    """Give the app role these rights on the table and no others."""
    return f'REVOKE ALL ON {table} FROM PUBLIC, "{app_role}";\nGRANT {rights} ON {table} TO "{app_role}";'


def protect_sql(
    table: str, tenant_column: str, app_role: str, rights: str = "SELECT, INSERT, UPDATE, DELETE"
) -> str:
    """The same, and limit everybody to the rows of the tenants that the transaction was opened for.

    Forced, so the owner is limited, too; a transaction that was opened for none sees nothing.
    """
    own = f"{tenant_column} = ANY (string_to_array(current_setting('praxispost.tenants', true), ',')::uuid[])"
    return f"""
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON {table} USING ({own}) WITH CHECK ({own});
{grant_sql(table, app_role, rights)}"""
