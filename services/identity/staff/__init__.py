"""Who works in a practice."""
