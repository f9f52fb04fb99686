"""Registration: how a person who proves an address and a number gets an account."""
