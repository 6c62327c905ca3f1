"""A command that cannot do what it was asked; the message is for people, with the next step."""


class CommandFailed(Exception):
    """Said as one sentence, with exit code 1."""
