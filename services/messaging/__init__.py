"""Conversations between practices and patients: messages, reply permission, receipts."""
