"""What messaging must know of a patient before a message is accepted: flags, never values."""
