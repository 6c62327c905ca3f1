"""The playbook of a skill: steps and a decision tree with typed conditions. Its shape; checks.py looks at the rest."""

import re
from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, model_validator

from tools.expressions import Expression, ExpressionError

STEP_ID = r"^[a-z][a-z0-9_]{0,40}$"


def _parse(source: object) -> Expression:
    if isinstance(source, Expression):
        return source
    if not isinstance(source, str):
        raise ValueError(f"must be an expression in quotes, not {source!r}")
    try:
        return Expression.parse(source)
    except ExpressionError as error:
        raise ValueError(str(error)) from None


Cel = Annotated[Expression, BeforeValidator(_parse)]
Scalar = str | int | float | bool


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Again(_Strict):
    """Looks that are made again until something holds. In between the task is parked and keeps no worker."""

    until: Cel
    """asked after each look that ran; `steps.<id>.held` says whether it held in the end"""
    every_seconds: int = Field(ge=1, le=600)
    at_most: int = Field(ge=2, le=12)
    """looks, the first among them"""


class CallStep(_Strict):
    """One tool call; its result is `steps.<id>` for all that follows."""

    id: str = Field(pattern=STEP_ID)
    tool: str
    with_: dict[str, Cel] = Field(default={}, alias="with")
    reason_code: str = ""
    why: Cel | None = None
    when: Cel | None = None
    """in `together`: it is asked for only when this holds"""
    must: bool = False
    """when it did not run, the skill ends there as failed and says so"""
    again: Again | None = None
    """of a read: it is made again until something holds"""

    def expressions(self) -> Iterator[Expression]:
        yield from self.with_.values()
        yield from (one for one in (self.why, self.when) if one is not None)


class SkillStep(_Strict):
    """Another skill, run inside this one; its output is `steps.<id>.result`."""

    id: str = Field(pattern=STEP_ID)
    skill: str
    with_: dict[str, Cel] = Field(default={}, alias="with")
    aloud: bool = False
    """what it says is said here, too"""


class AlertStep(_Strict):
    """People are told at once, in a message of its own."""

    when: Cel | None = None
    says: Cel
    severity: Literal["warning", "critical"] = "warning"


class Step(_Strict):
    """Exactly one of these kinds."""

    think: str | None = None
    think_cel: Cel | None = None
    say: Cel | None = None
    call: CallStep | None = None
    together: tuple[CallStep, ...] = ()
    """calls asked for at once; changes among them that wait for people become one plan"""
    skill: SkillStep | None = None
    alert: AlertStep | None = None
    chart: str | None = Field(default=None, pattern=STEP_ID)
    """a call before it whose result, a number over time, people are shown as a picture"""
    if_: Cel | None = Field(default=None, alias="if")
    then: tuple["Step", ...] = ()
    else_: tuple["Step", ...] = Field(default=(), alias="else")
    fail: Cel | None = None
    """says why, and ends the skill as failed"""
    stop: bool = False

    @model_validator(mode="after")
    def _one_kind(self) -> "Step":
        texts = (self.think, self.think_cel, self.say, self.fail)
        acts = (self.call, self.together or None, self.skill, self.alert, self.chart)
        kinds = (*texts, *acts, self.if_, self.stop or None)
        if sum(kind is not None for kind in kinds) != 1:
            raise ValueError(
                "a step is exactly one of think, think_cel, say, call, together, skill, alert, chart, if, fail, stop"
            )
        if len(self.together) == 1:
            raise ValueError("together takes two calls or more; one alone is a call")
        if any(call.again is not None for call in self.together):
            raise ValueError("again belongs to a call of its own, not to one of together")
        if (self.then or self.else_) and self.if_ is None:
            raise ValueError("then and else belong to an if")
        return self

    def calls(self) -> tuple[CallStep, ...]:
        return self.together if self.call is None else (self.call,)

    def expressions(self) -> Iterator[Expression]:
        """Its own, without those of the steps inside it."""
        for call in self.calls():
            yield from call.expressions()
        if self.skill is not None:
            yield from self.skill.with_.values()
        if self.alert is not None:
            yield from (one for one in (self.alert.when, self.alert.says) if one is not None)
        yield from (one for one in (self.think_cel, self.say, self.if_, self.fail) if one is not None)


class Match(_Strict):
    words: tuple[str, ...]
    least: int = Field(default=1, gt=0)


class BadInput(ValueError):
    """A value that an input cannot take; the message says which it takes."""


class Input(_Strict):
    """A value taken from the request, given by name (`skill NAME key=value`) or by another skill, or its default."""

    default: Scalar
    type: Literal["string", "integer", "number", "boolean"] = "string"
    one_of: tuple[str, ...] = ()
    pattern: re.Pattern[str] | None = None
    says: str = ""

    @model_validator(mode="after")
    def _one_source(self) -> "Input":
        if self.one_of and self.pattern is not None:
            raise ValueError("an input has one_of or pattern, not both")
        self.take(self.default)
        return self

    def of(self, request: str) -> Scalar:
        if self.pattern is not None:
            found = self.pattern.search(request)
            return self.read(found[found.lastindex or 0]) if found else self.default
        words = re.findall(r"[a-z0-9_-]+", request.lower())
        return next((word for word in words if word in self.one_of), self.default)

    def read(self, text: str) -> Scalar:
        """A value as somebody typed it.

        Raises:
            BadInput: it is none of this input.
        """
        try:
            match self.type:
                case "string":
                    return self.take(text)
                case "boolean":
                    return {"true": True, "false": False}[text.lower()]
                case "integer":
                    return int(text)
                case "number":
                    return float(text)
        except (KeyError, ValueError) as error:
            if isinstance(error, BadInput):
                raise
            raise BadInput(f"must be {_a(self.type)}, not {text!r}") from None

    def take(self, value: JsonValue) -> Scalar:
        """A value as another skill or a file gave it.

        Raises:
            BadInput: it is none of this input.
        """
        kinds: dict[str, tuple[type, ...]] = {
            "string": (str,),
            "integer": (int,),
            "number": (int, float),
            "boolean": (bool,),
        }
        fits = isinstance(value, kinds[self.type]) and (self.type == "boolean" or not isinstance(value, bool))
        if not fits or (self.one_of and value != self.default and value not in self.one_of):
            takes = f"one of {', '.join(self.one_of)}" if self.one_of else _a(self.type)
            raise BadInput(f"must be {takes}, not {value!r}")
        assert isinstance(value, str | int | float | bool)
        return value


def _a(kind: str) -> str:
    return {"string": "text", "integer": "a whole number", "number": "a number", "boolean": "true or false"}[kind]


class Playbook(_Strict):
    """What the rules brain runs for one kind of request."""

    name: str
    version: str = "1"
    match: Match | None = None
    """None: only by name, or from another skill"""
    inputs: dict[str, Input] = {}
    plan: str
    steps: tuple[Step, ...]
    output: dict[str, Cel] = {}
    """what it found, for other skills and for programs"""
    output_schema: dict[str, JsonValue] = {}
    """JSON Schema of the output"""
    helped: Cel | None = None
    """after a change: whether it helped, from what was seen afterwards"""
    quiet: Cel | None = None
    """run by a schedule alone: nothing is said in the channel when this holds at its end"""

    def score(self, request: str) -> int:
        """How many of its words the request holds; 0 when fewer than it needs."""
        if self.match is None:
            return 0
        words = set(re.findall(r"[a-z0-9]+", request.lower()))
        found = sum(word in words for word in self.match.words)
        return found if found >= self.match.least else 0

    def inputs_of(self, request: str) -> dict[str, Scalar]:
        """The inputs a request names, in its own words."""
        return {name: spec.of(request[:4000]) for name, spec in self.inputs.items()}

    def every_step(self) -> Iterator[Step]:
        """Every step, in the order they stand in."""
        yield from _every(self.steps)

    def calls(self) -> Iterator[CallStep]:
        """Every call it can make."""
        for step in self.every_step():
            yield from step.calls()

    def skills(self) -> Iterator[SkillStep]:
        """Every skill it can run."""
        for step in self.every_step():
            if step.skill is not None:
                yield step.skill


def _every(steps: Sequence[Step]) -> Iterator[Step]:
    for step in steps:
        yield step
        yield from _every(step.then)
        yield from _every(step.else_)
