"""What ends a start before anything runs."""


class CannotStart(Exception):
    """Something a start needs is missing or wrong; the message says what and how to mend it."""
