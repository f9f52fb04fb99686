"""Who is who: practices, staff, patients, accounts, bindings, sessions and tokens."""
