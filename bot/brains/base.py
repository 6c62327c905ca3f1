"""What a brain is: transcript in, events out. Nothing else comes out of a brain."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

JsonValue = None | bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"]
JsonObject = dict[str, JsonValue]


# --- what goes in -----------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class UserSaid:
    """Words of a person (trusted as a request) or of the thread before it (context only)."""

    text: str
    by: str
    trusted: bool = True


@dataclass(frozen=True, kw_only=True)
class BrainThought:
    """Thinking the brain did in an earlier turn. `signature` is the provider's, to be sent back as it came."""

    text: str
    signature: str = ""


@dataclass(frozen=True, kw_only=True)
class BrainSaid:
    text: str


@dataclass(frozen=True, kw_only=True)
class BrainCalled:
    call_id: str
    tool: str
    arguments: JsonObject


@dataclass(frozen=True, kw_only=True)
class CallResult:
    """What the gateway answered to one call, in words and (when it ran) data. Untrusted content."""

    call_id: str
    tool: str
    status: str
    """ran | denied | failed | rejected | expired | undone | in_doubt | cancelled"""
    content: JsonObject
    """result of a call that ran, or {"message": …} that says why not"""


Entry = UserSaid | BrainThought | BrainSaid | BrainCalled | CallResult


@dataclass(frozen=True, kw_only=True)
class ToolSummary:
    """What a brain may know of a tool."""

    name: str
    description: str
    parameters: JsonObject
    """JSON Schema of the arguments"""
    tier: str
    examples: tuple[JsonObject, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """One question to a brain."""

    system: str
    transcript: Sequence[Entry]
    tools: Sequence[ToolSummary]
    max_tokens: int = 4096
    """output tokens this turn may use"""
    facts: Mapping[str, str] = field(default_factory=dict)
    """e.g. {"env": "prod", "channel": "incidents"}; for playbooks"""


# --- what comes out ---------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Thinking:
    """A piece of reasoning, as it streams."""

    delta: str


@dataclass(frozen=True, kw_only=True)
class Thought:
    """The whole reasoning block, once it is complete; kept so that it can be sent back."""

    text: str
    signature: str = ""


@dataclass(frozen=True, kw_only=True)
class Saying:
    """A piece of the answer, as it streams."""

    delta: str
    by_model: bool = False
    """a model chose the words; otherwise they were written beforehand and filled in from results"""


THE_REQUEST = "the request"
"""stands among the tools of `Call.drawn_from` for a value that a playbook read out of the words it was asked with"""


@dataclass(frozen=True, kw_only=True)
class Call:
    """A complete request to call a tool. `arguments` is whatever object the brain gave; the gateway validates."""

    call_id: str
    tool: str
    arguments: JsonObject
    title: str = ""
    """the step in words for people, if the brain offers one"""
    skill: str = ""
    """the playbook whose values these are; "" when a model chose them"""
    drawn_from: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """of a playbook's call: argument → tools whose results its value was made of"""
    after_seconds: float = 0.0
    """made so long after it was asked for, and not before: a look that is made again"""


@dataclass(frozen=True, kw_only=True)
class BadCall:
    """The brain asked for a call whose arguments are not a JSON object."""

    call_id: str
    tool: str
    raw: str


@dataclass(frozen=True, kw_only=True)
class Alert:
    """Something people are to be told at once, in a message of its own."""

    text: str
    severity: str
    """warning | critical"""


@dataclass(frozen=True, kw_only=True)
class Chart:
    """The result of a call, a number over time, for people to look at."""

    call_id: str


@dataclass(frozen=True, kw_only=True)
class SkillEnded:
    """A skill came to its end, by itself or inside another one."""

    skill: str
    hash: str
    path: str
    """"" for the one that was asked for"""
    failed: str
    """why it could not do its work, or "" """
    output: JsonObject
    changed: bool
    helped: bool | None
    """after a change; None: nothing was changed, or it cannot be told"""
    quiet: bool = False
    """it found nothing that people want to be told of"""


@dataclass(frozen=True, kw_only=True)
class Usage:
    input_tokens: int
    output_tokens: int


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A title for what the brain is about to do, for people."""

    title: str


@dataclass(frozen=True, kw_only=True)
class Finished:
    """The turn is over. With no Call in this turn, the brain is done."""

    reason: str = "stop"
    """stop | tool_calls | length | content_filter"""


BrainEvent = Thinking | Thought | Saying | Plan | Call | BadCall | Alert | Chart | SkillEnded | Usage | Finished


class Brain(Protocol):
    """Decides the next step of a task. One call of `think` is one turn; it ends with Finished or raises."""

    name: str

    def think(self, prompt: Prompt) -> AsyncIterator[BrainEvent]:
        """Stream one turn.

        Raises:
            BrainUnavailable: the provider failed in a way that may pass (429, 5xx, timeout, broken stream).
            BrainRefused: the provider will not answer this (bad key, unknown model, request too large).
        """
        ...
