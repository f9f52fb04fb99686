"""Takes over the records of a practice's own system."""
