"""The contract every tool fulfils, whatever source it comes from. Tools know nothing of Slack, tasks or policy."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

from pydantic import BaseModel, JsonValue

from policy.types import Target
from tools.manifest import DryRun, ToolManifest

JsonObject = dict[str, JsonValue]
Said = TypeVar("Said")


@dataclass(frozen=True, kw_only=True)
class ToolContext:
    """What one run of a tool may know about the request that caused it."""

    tenant: str
    correlation_id: str
    idempotency_key: str
    """the same for every attempt of the same intent; send it to the far end"""
    env: str = "prod"


@dataclass(frozen=True, kw_only=True)
class Change:
    """One row of before → after."""

    label: str
    before: JsonValue
    after: JsonValue


@dataclass(frozen=True, kw_only=True)
class Counted:
    """One counted part of the blast radius: about 1,900 of 16,000 users."""

    count: int
    unit: str
    of: int | None = None

    @property
    def percent(self) -> int:
        """Share of the whole, 0–100, rounded up; 0 when there is no whole."""
        return min(100, -(-self.count * 100 // self.of)) if self.of else 0


@dataclass(frozen=True, kw_only=True)
class Impact:
    """What a call would do, found out without doing it."""

    grade: DryRun
    changes: tuple[Change, ...] = ()
    counted: tuple[Counted, ...] = ()
    before: JsonObject = field(default_factory=dict)
    """the state that undo needs and whose change means "the world moved"; its hash is the target fingerprint"""
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class InverseCall:
    """The call that takes a change back."""

    tool: str
    arguments: JsonObject


class Held(StrEnum):
    """Whether a change is seen to have taken."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Verified:
    """What `verify` saw, with one sentence for people."""

    held: Held
    says: str
    data: JsonObject = field(default_factory=dict)


class ToolFailed(Exception):
    """The tool could not do it; the message is for people: lower case, quoted values, next step, no secret.

    `effect_possible` says whether something may have happened all the same (a timeout after the request went out).
    """

    def __init__(self, message: str, *, effect_possible: bool, reason: str = "error") -> None:
        super().__init__(message)
        self.effect_possible = effect_possible
        self.reason = reason
        """one word for the ledger: error | timeout | unreachable | refused | bad_response"""


Run = Callable[[Any, ToolContext], Awaitable[JsonObject]]
Preview = Callable[[Any, ToolContext], Awaitable[Impact]]
Undo = Callable[[Any, Impact], InverseCall | Awaitable[InverseCall | None] | None]
Verify = Callable[[Any, Impact | None, ToolContext], Awaitable[Verified]]


async def answered(answer: Said | Awaitable[Said]) -> Said:
    """What `undo` and `finding` say: at once, or, where a tool lives in another process, after a while."""
    return await answer if isinstance(answer, Awaitable) else answer


@dataclass(frozen=True, kw_only=True)
class Tool:
    """One typed operation behind the gateway. `arguments` is the pydantic model of its input."""

    manifest: ToolManifest
    arguments: type[BaseModel]
    run: Run
    target: Callable[[Any], Target]
    title: Callable[[Any], str]
    """the step in words for people"""
    says: Callable[[Any], str]
    """what will happen, one line; drawn on the card"""
    finding: Callable[[Any, JsonObject], str | Awaitable[str]] = lambda _args, _result: ""
    """what a read found, one line ("5xx rate 14:02–14:09, 7.3 %"); shown on the step and as evidence"""
    preview: Preview | None = None
    undo: Undo | None = None
    verify: Verify | None = None
    declared: str = ""
    """what runs for a call as a file says it (operation, command, fixed values); a change of it is a new version"""
    source: str = "python"
    """where it comes from: python | openapi:<service> | mcp:<server>"""

    @property
    def name(self) -> str:
        return self.manifest.name
