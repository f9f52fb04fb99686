"""Notices: identity's codes and invitations, handed on at once and kept nowhere."""
