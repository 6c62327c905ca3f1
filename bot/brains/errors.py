"""How a brain can fail. The runner turns these into task states."""


class BrainError(Exception):
    """Base of what a brain raises. The message is shown to people: lower case, no secret, says the next step."""


class BrainUnavailable(BrainError):
    """The provider failed in a way that may pass; ask again later."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        """seconds, when the provider said so"""


class BrainRefused(BrainError):
    """Asking again will not help: a person must change something."""
