"""What can go wrong with the inbox worker; the message is for people and says the next step."""


class InboxError(Exception):
    """Base of this room's errors."""


class BadTopics(InboxError):
    """The file of topics cannot be used."""


class HubTrouble(InboxError):
    """The hub did not do what its contract says."""

    def __init__(self, message: str, *, reason: str, effect_possible: bool) -> None:
        super().__init__(message)
        self.reason = reason
        """unreachable | timeout | busy | bad_response | refused | changed | gone"""
        self.effect_possible = effect_possible
        """something may have happened all the same"""


class Overlap(InboxError):
    """Another run of this worker is under way."""

    def __init__(self) -> None:
        super().__init__("another inbox worker is running here; wait until it ends, or, if it died, for a minute")


class StandsStill(InboxError):
    """A person halted everything."""

    def __init__(self, halted: str) -> None:
        super().__init__(f"{halted}; the inbox worker changes nothing until it is lifted")


class NotYet(InboxError):
    """This run may not be made yet; the message says what to run first."""
