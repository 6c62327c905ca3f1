"""Where the bot is killed: at a call of its, before the call has its effect or after, with the answer on its way."""

import itertools
from dataclasses import dataclass

FLAG = "/flags/new-checkout"


@dataclass(frozen=True, kw_only=True)
class Point:
    """The nth call of a name in one story."""

    name: str
    nth: int = 1
    after: bool = False

    def __str__(self) -> str:
        return f"{'after' if self.after else 'before'} {self.name} {self.nth}"


STORY = (
    ("agents.sessions.setStatus", 2),
    ("chat.startStream", 2),
    ("users.info {approver}", 1),
    ("GET /metrics/error-rate", 2),
    ("GET /flag-changes", 1),
    ("GET /deploys", 1),
    ("GET /logs", 1),
    (f"preview {FLAG}", 3),
    ("chat.appendStream", 2),
    ("chat.stopStream", 2),
    ("chat.postMessage", 1),
    ("chat.update", 2),
    (f"write {FLAG}", 1),
    (f"GET {FLAG}", 1),
)
"""the calls of one undisturbed story, and how many of each are sure to come"""

EVERY = tuple(
    Point(name=name, nth=nth, after=after)
    for name, count in STORY
    for nth, after in itertools.product(range(1, count + 1), (False, True))
)

EVERYDAY = (
    Point(name="agents.sessions.setStatus"),
    Point(name="chat.startStream"),
    Point(name="chat.startStream", after=True),
    Point(name="GET /metrics/error-rate", after=True),
    Point(name="GET /logs"),
    Point(name="chat.appendStream"),
    Point(name="chat.appendStream", after=True),
    Point(name=f"preview {FLAG}"),
    Point(name="chat.stopStream"),
    Point(name="chat.stopStream", after=True),
    Point(name="chat.postMessage"),
    Point(name="chat.postMessage", after=True),
    Point(name="users.info {approver}"),  # Approve was delivered and is not acked: Slack does not send a click again
    Point(name=f"preview {FLAG}", nth=3, after=True),
    Point(name=f"write {FLAG}"),
    Point(name=f"write {FLAG}", after=True),
    Point(name=f"GET {FLAG}"),
    Point(name="chat.update", nth=2),
    Point(name="chat.startStream", nth=2, after=True),
    Point(name="chat.stopStream", nth=2),
    Point(name="chat.stopStream", nth=2, after=True),
)
"""where words, cards, votes and effects are at stake"""

THROTTLE = "/throttles/checkout.retry"
IN_PLAN = (
    Point(name=f"write {FLAG}"),
    Point(name=f"write {FLAG}", after=True),
    Point(name=f"GET {FLAG}"),
    Point(name=f"preview {THROTTLE}", nth=3),
    Point(name=f"write {THROTTLE}"),
    Point(name=f"write {THROTTLE}", after=True),
)
"""in and between the two calls of a plan that people approved"""

EVERYDAY_POSTGRES = (
    Point(name="chat.startStream", after=True),
    Point(name="chat.postMessage", after=True),
    Point(name="users.info {approver}"),
    Point(name=f"write {FLAG}", after=True),
    Point(name="chat.stopStream", nth=2),
)
"""the engine matters little to what is lost; here a lease has to run out each time"""
