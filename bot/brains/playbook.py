"""Playbooks: steps and a decision tree with typed conditions, read from YAML and checked before they are used."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from tools.expressions import Expression, ExpressionError

SKILLS = Path(__file__).parents[2] / "tools" / "skills"


class PlaybookError(Exception):
    """A playbook cannot be used; the message names the file, the place and what to do."""


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


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class CallStep(_Strict):
    """One tool call; its result is `steps.<id>` for all that follows."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]{0,40}$")
    tool: str
    with_: dict[str, Cel] = Field(default={}, alias="with")
    reason_code: str = ""
    why: Cel | None = None
    when: Cel | None = None
    """in `together`: it is asked for only when this holds"""


class Step(_Strict):
    """Exactly one of these kinds."""

    think: str | None = None
    think_cel: Cel | None = None
    say: Cel | None = None
    call: CallStep | None = None
    together: tuple[CallStep, ...] = ()
    """calls asked for at once; changes among them that wait for people become one plan"""
    if_: Cel | None = Field(default=None, alias="if")
    then: tuple["Step", ...] = ()
    else_: tuple["Step", ...] = Field(default=(), alias="else")
    stop: bool = False

    @model_validator(mode="after")
    def _one_kind(self) -> "Step":
        kinds = [self.think, self.think_cel, self.say, self.call, self.together or None, self.if_, self.stop or None]
        if sum(kind is not None for kind in kinds) != 1:
            raise ValueError("a step is exactly one of think, think_cel, say, call, together, if, stop")
        if len(self.together) == 1:
            raise ValueError("together takes two calls or more; one alone is a call")
        if (self.then or self.else_) and self.if_ is None:
            raise ValueError("then and else belong to an if")
        return self


class Match(_Strict):
    words: tuple[str, ...]
    least: int = Field(default=1, gt=0)


class Input(_Strict):
    """A word or a pattern taken from the request, or its default."""

    default: str
    one_of: tuple[str, ...] = ()
    pattern: re.Pattern[str] | None = None

    @model_validator(mode="after")
    def _one_source(self) -> "Input":
        if bool(self.one_of) == (self.pattern is not None):
            raise ValueError("an input has either one_of or pattern")
        return self

    def of(self, request: str) -> str:
        if self.pattern is not None:
            found = self.pattern.search(request)
            return found[found.lastindex or 0] if found else self.default
        words = re.findall(r"[a-z0-9_-]+", request.lower())
        return next((word for word in words if word in self.one_of), self.default)


class Playbook(_Strict):
    """What the rules brain runs for one kind of request."""

    name: str
    version: str = "1"
    match: Match
    inputs: dict[str, Input] = {}
    plan: str
    steps: tuple[Step, ...]

    def score(self, request: str) -> int:
        """How many of its words the request holds; 0 when fewer than it needs."""
        words = set(re.findall(r"[a-z0-9]+", request.lower()))
        found = sum(word in words for word in self.match.words)
        return found if found >= self.match.least else 0

    def inputs_of(self, request: str) -> dict[str, str]:
        """The inputs a request names, in its own words."""
        return {name: spec.of(request[:4000]) for name, spec in self.inputs.items()}

    def calls(self) -> Iterator[CallStep]:
        """Every call it can make."""
        yield from _calls(self.steps)


@dataclass(frozen=True, kw_only=True)
class Loaded:
    playbook: Playbook
    file: Path


def _calls(steps: Sequence[Step]) -> Iterator[CallStep]:
    for step in steps:
        if step.call is not None:
            yield step.call
        yield from step.together
        yield from _calls(step.then)
        yield from _calls(step.else_)


def load_all(folder: Path = SKILLS, *, tools: Collection[str]) -> tuple[Playbook, ...]:
    """Every playbook of the skills folder for the tools there are; one for services nobody connected is left out.

    Raises:
        PlaybookError: a file does not read, has some of its tools but not all, or uses a step id twice.
    """
    books = [(file, _read(file)) for file in sorted(folder.glob("*/playbook.yaml"))]
    return tuple(_checked(file, book, tools) for file, book in books if _concerns(book, tools))


def load(file: Path, *, tools: Collection[str]) -> Playbook:
    """One playbook, checked."""
    return _checked(file, _read(file), tools)


def _concerns(book: Playbook, tools: Collection[str]) -> bool:
    called = {call.tool for call in book.calls()}
    return not called or not called.isdisjoint(tools)


def _read(file: Path) -> Playbook:
    try:
        return Playbook.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError) as error:
        raise PlaybookError(f"{file}: does not read as YAML: {str(error).splitlines()[0]}; mend the file") from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise PlaybookError(f"{file}: {place}: {first['msg'].lower()}; mend the step") from None


def _checked(file: Path, book: Playbook, tools: Collection[str]) -> Playbook:
    if book.name != file.parent.name:
        raise PlaybookError(f"{file}: name {book.name!r} is not its folder's name {file.parent.name!r}; rename one")
    seen: set[str] = set()
    for call in book.calls():
        if call.tool not in tools:
            raise PlaybookError(
                f"{file}: step {call.id!r} calls unknown tool {call.tool!r}; see 'autopilot tools list'"
            )
        if call.id in seen:
            raise PlaybookError(f"{file}: two steps are called {call.id!r}; rename one")
        seen.add(call.id)
    return book
