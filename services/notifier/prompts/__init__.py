"""Prompts: the e-mails that say a message waits, from the event to the outcome."""
