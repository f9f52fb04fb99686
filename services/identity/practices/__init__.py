"""The practices, the tenants of Praxispost, and their settings."""
