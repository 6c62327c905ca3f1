"""Things Slack hands out for a short while: trigger ids (once, 3 seconds) and response urls (5 uses, 30 minutes)."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from bot.demo.slack.wire import Refused

TRIGGER_LIFE = 3.0
RESPONSE_LIFE = 30 * 60.0
RESPONSE_USES = 5


@dataclass(kw_only=True)
class _Trigger:
    user: str
    made_at: float
    view_id: str | None
    used: bool = False


@dataclass(kw_only=True)
class ResponsePlace:
    """Where posts to one response url go."""

    channel: str
    user: str
    made_at: float
    message_ts: str | None = None
    thread_ts: str | None = None
    is_ephemeral: bool = False
    uses: int = 0


class Triggers:
    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._triggers: dict[str, _Trigger] = {}
        self._responses: dict[str, ResponsePlace] = {}

    def new(self, user: str, *, view_id: str | None = None) -> str:
        """A trigger id for one thing this person just did (`view_id`: inside that view)."""
        trigger = f"{secrets.randbelow(10**13)}.{secrets.randbelow(10**12)}.{secrets.token_hex(16)}"
        self._triggers[trigger] = _Trigger(user=user, made_at=self._now(), view_id=view_id)
        return trigger

    def knows(self, trigger_id: str) -> bool:
        return trigger_id in self._triggers

    def knows_response(self, key: str) -> bool:
        return key in self._responses

    def take(self, trigger_id: str) -> tuple[str, str | None]:
        """Who did it, and in which view; afterwards the id is spent.

        Raises: Refused with Slack's word for an id that is unknown, spent or too old.
        """
        trigger = self._triggers.get(trigger_id)
        if trigger is None:
            raise Refused("invalid_trigger_id")
        if trigger.used:
            raise Refused("exchanged_trigger_id")
        if self._now() - trigger.made_at > TRIGGER_LIFE:
            raise Refused("expired_trigger_id")
        trigger.used = True
        return trigger.user, trigger.view_id

    def new_response(self, place: ResponsePlace) -> str:
        """The secret end of a response url."""
        key = secrets.token_urlsafe(18)
        self._responses[key] = place
        return key

    def use_response(self, key: str) -> ResponsePlace:
        """Where this post goes; counts as one use.

        Raises: Refused `expired_url` or `used_url`.
        """
        place = self._responses.get(key)
        if place is None or self._now() - place.made_at > RESPONSE_LIFE:
            raise Refused("expired_url")
        if place.uses >= RESPONSE_USES:
            raise Refused("used_url")
        place.uses += 1
        return place
