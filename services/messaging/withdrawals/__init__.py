"""What a practice takes back of a message that was sent: its readers, its answers, its content."""
