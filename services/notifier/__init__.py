"""Tells patients by e-mail that a message waits, and sends identity's codes and invitations."""
