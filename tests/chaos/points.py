"""The boundaries where things go wrong, each a function of the bot that is about to be called, or has just returned.

"Not committed" means that the transaction is still open; what it wrote is lost with the process.
"""

import importlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

BEFORE_EFFECT, AFTER_EFFECT = "in the call, before its effect", "in the call, after its effect"
IN_THE_CALL = [BEFORE_EFFECT, AFTER_EFFECT]
"""reached at the far end: the till parks the request while its sender dies"""

Passed = Callable[[str], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class Point:
    """Before or after one function."""

    name: str
    module: str
    attribute: str
    """`function` or `Class.method` of the module"""
    after: bool
    times: int = 1
    """how often one thread is sure to pass it, about"""
    story: str = ""
    """the only story that passes it"""


def _before(name: str, module: str, attribute: str, times: int = 1, story: str = "") -> Point:
    return Point(name=name, module=module, attribute=attribute, after=False, times=times, story=story)


def _after(name: str, module: str, attribute: str, times: int = 1, story: str = "") -> Point:
    return Point(name=name, module=module, attribute=attribute, after=True, times=times, story=story)


_CLIENT = "slack_sdk.web.async_client"

POINTS = (
    _before("request heard", "bot.orchestrator.intake", "submit"),
    _after("request stored", "bot.orchestrator.intake", "submit"),
    _after("task claimed, not committed", "storage.tasks", "claim", 3),
    _before("task claimed", "bot.orchestrator.worker", "Worker._go_on", 2),
    _after("step written, not committed", "storage.steps", "append", 3),
    _before("call asked for", "tools.gateway", "Gateway.call"),
    _after("card sealed, not committed", "bot.lifecycle.hooks", "CallHooks.parked"),
    _after("task parked", "tools.gateway", "Gateway.call"),
    _before("vote heard", "bot.orchestrator.ballots", "vote"),
    _after("vote counted, not committed", "storage.proposals", "vote"),
    _after("vote stored", "bot.orchestrator.ballots", "vote"),
    _before("edit heard", "bot.orchestrator.edits", "edit", story="edit"),
    _after("edit stored", "bot.orchestrator.edits", "edit", story="edit"),
    _before("undo heard", "bot.orchestrator.undos", "undo", story="undo"),
    _after("undo stored", "bot.orchestrator.undos", "undo", story="undo"),
    _after("doubt resolved", "bot.orchestrator.doubts", "resolve", story="doubt"),
    _after("expired, not committed", "bot.orchestrator.sweeps", "_expire", story="expire"),
    _before("approved call taken up", "tools.gateway", "Gateway.execute"),
    _before("before the intent", "storage.intents", "begin"),
    _after("intent written, not committed", "storage.intents", "begin"),
    _before("intent stored, before the call", "tools.running", "Runner._run"),
    _before("call answered, before the outcome", "tools.running", "Runner._ran"),
    _after("outcome written, not committed", "storage.intents", "finish"),
    _after("outcome stored", "tools.running", "Runner._ran"),
    _before("result not yet in the transcript", "bot.orchestrator.executing", "Executing._record"),
    _after("result in the transcript", "bot.orchestrator.executing", "Executing._record"),
    _before("audit entry to be linked", "storage.audit", "_link", 8),
    _after("audit entry linked, not committed", "storage.audit", "_link", 8),
    _after("post claimed, not committed", "storage.posts", "claim", 4),
    _after("post to be sent, not committed", "storage.posts", "about_to_send"),
    _before("post to be sent", _CLIENT, "AsyncWebClient.chat_postMessage"),
    _after("post sent", _CLIENT, "AsyncWebClient.chat_postMessage"),
    _after("post noted as sent, not committed", "storage.posts", "sent"),
    _before("card to be redrawn", _CLIENT, "AsyncWebClient.chat_update", 2),
    _after("card redrawn", _CLIENT, "AsyncWebClient.chat_update", 2),
    _after("stream opened", _CLIENT, "AsyncWebClient.chat_startStream", 2),
    _before("words to be streamed", _CLIENT, "AsyncWebClient.chat_appendStream", 2),
    _after("words streamed", _CLIENT, "AsyncWebClient.chat_appendStream", 2),
    _before("stream to be closed", _CLIENT, "AsyncWebClient.chat_stopStream", 2),
    _after("stream closed", _CLIENT, "AsyncWebClient.chat_stopStream", 2),
)

OF_WAITING = (
    _after("reminder said, not committed", "bot.orchestrator.reminding", "Reminding._say"),
    _after("reminded", "bot.orchestrator.reminding", "Reminding._look_at"),
    _after("expired", "bot.orchestrator.sweeps", "expire"),
)
"""of a proposal that nobody answers; apart, because a seed's plan is drawn from those above"""


def install(passed: Passed) -> None:
    """Put the points into this process: each awaits `passed(name)`."""
    for point in (*POINTS, *OF_WAITING):
        owner: Any = importlib.import_module(point.module)
        *outer, last = point.attribute.split(".")
        for name in outer:
            owner = getattr(owner, name)
        setattr(owner, last, _wrapped(getattr(owner, last), point, passed))


def _wrapped(function: Callable[..., Awaitable[Any]], point: Point, passed: Passed) -> Callable[..., Awaitable[Any]]:
    @wraps(function)
    async def at_the_point(*args: Any, **kwargs: Any) -> Any:
        if not point.after:
            await passed(point.name)
        result = await function(*args, **kwargs)
        if point.after and result not in ([], 0):  # a look that found nothing to claim is no step
            await passed(point.name)
        return result

    return at_the_point
