"""What each message of ours shows since we sent it: so that nothing is sent twice, and stale buttons go first."""

import hashlib
import json
from dataclasses import dataclass, field

from bot.slack.actions import ActionId, unfenced
from bot.slack.cards.blocks import Card
from storage.records import Post, PostKind

KEPT = 2_000
_DECIDING = (ActionId.APPROVE, ActionId.UNDO, ActionId.IT_HAPPENED)
"""one of them is on every card that asks for something"""


@dataclass(frozen=True, kw_only=True)
class Look:
    """One message after our last send of it."""

    shown: int
    digest: str
    """equal for cards that people see as the same"""
    offers: bool
    """somebody can decide something on it"""


def look(post: Post, card: Card) -> Look:
    """What the message shows once this card was sent."""
    drawn = unfenced(json.dumps([card.text, card.blocks]))
    offers = any(f'"action_id": "{name}"' in drawn for name in _DECIDING)
    return Look(shown=post.wanted, digest=hashlib.sha256(drawn.encode()).hexdigest(), offers=offers)


@dataclass
class Looks:
    """Of one process. It holds as long as nobody else sends the message, which `shown` tells."""

    _of: dict[str, Look] = field(default_factory=dict)

    def remember(self, post: Post, card: Card) -> None:
        """This card was sent, or is what the message shows already."""
        if len(self._of) >= KEPT:
            del self._of[next(iter(self._of))]
        self._of[post.id] = look(post, card)

    def take(self, post: Post) -> Look | None:
        """What the message shows, to be remembered anew; None when we cannot know."""
        found = self._of.pop(post.id, None)
        return found if found is not None and found.shown == post.shown else None


def is_stale(post: Post, shows: Look | None) -> bool:
    """Whether people may still press what the message shows: it goes before all that asks for nothing."""
    return post.kind is PostKind.CARD and (shows is None or shows.offers)
