"""Stands for the mail relay and the SMS gateway: takes everything, delivers nothing, shows all of it."""
