"""What a message is, and how its content is sealed."""
