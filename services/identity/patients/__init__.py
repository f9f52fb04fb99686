"""A practice's records of its patients."""
