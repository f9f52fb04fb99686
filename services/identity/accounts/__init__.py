"""Accounts: what a logged-in person sees of the own account, and how it is bound to patients."""
