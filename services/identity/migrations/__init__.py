"""Identity's migrations."""
