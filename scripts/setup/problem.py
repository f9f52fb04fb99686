"""What the set-up says when it can't go on."""


class SetupProblem(Exception):
    """Its text is for the person at the terminal: what is wrong and what to do."""
