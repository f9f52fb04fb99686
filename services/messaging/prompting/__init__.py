"""Asks for prompts that no new message causes: at new contact data, by staff, and for what was held."""
