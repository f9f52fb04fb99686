"""What keeps patients from their messages, and how staff let them in."""
