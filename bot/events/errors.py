"""What can be wrong with a sink."""


class EventsError(Exception):
    """Base of this room's errors."""


class BadSink(EventsError):
    """An address, a pattern or a variable's name that cannot be used; the message says which and why."""


class BadSecret(EventsError):
    """The signing secret is missing or has the wrong form; the message names its variable, never its value."""


class NotAllowed(EventsError):
    """The sink's address leads where events may not go."""
