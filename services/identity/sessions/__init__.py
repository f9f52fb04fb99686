"""Sessions: how people log in, stay in and leave, and how a session becomes tokens."""
