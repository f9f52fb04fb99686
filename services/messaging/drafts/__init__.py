"""Messages that a practice has begun to write: encrypted, shared by its staff, never overwritten unseen."""
