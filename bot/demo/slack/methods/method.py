"""What the Web API knows about a method before it runs it."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.demo.slack.arguments import Args
from bot.demo.slack.office import Office
from bot.demo.slack.wire import Json


@dataclass(frozen=True, kw_only=True)
class Method:
    run: Callable[[Office, Args], Json]
    scope: str | None = None
    """The scope every call needs; some methods ask for more once they know the channel."""
    app_token: bool = False
    """Takes the xapp token instead of the bot's."""
    no_token: bool = False
    """Takes the app's id and secret instead of a token."""
