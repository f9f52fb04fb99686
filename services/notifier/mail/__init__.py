"""E-mail: composing a letter's bytes and handing them over to the relay."""
