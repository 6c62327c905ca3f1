"""What can be made to go wrong: six stories, and ways for the service itself to misbehave."""

from enum import StrEnum


class Story(StrEnum):
    """A cause inside the shop; its symptoms come from the shop's own code."""

    BAD_FLAG = "bad_flag"
    """new-checkout is on for everyone it is meant for"""
    DOGPILE = "dogpile"
    """many new accounts reply to one post"""
    STUCK_CONSUMER = "stuck_consumer"
    """the pipeline's consumer hangs on a batch"""
    LOCKED_OUT = "locked_out"
    """a stranger's script has a member's password and keeps every session, so the member cannot log in"""
    SCAM = "scam"
    """members report a reply that sells gift cards"""
    WEAK_WINDOW = "weak_window"
    """far fewer orders than usual between 18:00 and 20:00"""


class ServiceFault(StrEnum):
    """How the API itself misbehaves, for tests of its clients."""

    NONE = "none"
    HTML = "html"
    """answers a login page with 200"""
    HTTP_500 = "http_500"
    HANG = "hang"
    """takes the request and never answers"""
    SLOW = "slow"
    """answers after 2 s"""
    HUGE = "huge"
    """answers 50 MB of JSON"""
    LOST_ANSWER = "lost_answer"
    """does the work, then closes with a 502: something happened and nobody was told"""
    REDIRECT = "redirect"
    """sends the client to another host"""
