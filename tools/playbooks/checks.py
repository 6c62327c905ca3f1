"""Holds one skill to what can be seen without running it: names, tools and their arguments, steps, expressions."""

from collections.abc import Collection, Iterator, Mapping

from policy.types import Tier
from tools.contract import Tool
from tools.expressions import Expression
from tools.playbooks.playbook import CallStep, Playbook, Step
from tools.playbooks.skill import Skill

Tools = Mapping[str, Tool | None]
"""the tools there are; None where only the name is known"""
Place = tuple[str | int, ...]
SCOPE = ("inputs", "steps", "env")


def check(skill: Skill, tools: Tools) -> None:
    """Pass when it can run with these tools.

    Raises:
        SkillError: it cannot; the message says where and what to do.
    """
    services = {name.partition(".")[0] for name in tools}
    for name in skill.front.allowed_tools:
        if name not in tools and name.partition(".")[0] in services:
            raise skill.wrong(f"allowed-tools names unknown tool {name!r}; see 'autopilot tools list'")
    if skill.playbook is not None:
        for _ in _problems(skill, skill.playbook, tools):
            pass


def missing_services(skill: Skill, tools: Collection[str]) -> set[str]:
    """Services it calls of which nothing is connected here."""
    if skill.playbook is None:
        return set()
    services = {name.partition(".")[0] for name in tools}
    return {call.tool.partition(".")[0] for call in skill.playbook.calls()} - services


def _problems(skill: Skill, book: Playbook, tools: Tools) -> Iterator[None]:
    """Walks the steps in order; stands at the first problem by raising it."""
    seen: set[str] = set()
    for place, step in places(book.steps):
        for expression in step.expressions():
            _check_names(skill, book, expression, seen, place)
        if step.chart is not None and step.chart not in seen:
            raise skill.wrong(f"no step {step.chart!r} before this one, to draw", *place)
        ids = [call.id for call in step.calls()] + ([step.skill.id] if step.skill else [])
        for one in ids:
            if one in seen:
                raise skill.wrong(f"two steps are called {one!r}; rename one", *place)
            seen.add(one)
        for call in step.calls():
            _check_call(skill, call, tools, place)
            if call.again is not None:
                _check_names(skill, book, call.again.until, seen, place)
        yield
    for name, expression in book.output.items():
        _check_names(skill, book, expression, seen, ("output", name))
    for name, asked in (("helped", book.helped), ("quiet", book.quiet)):
        if asked is not None:
            _check_names(skill, book, asked, seen, (name,))
    if book.output_schema:
        _check_schema(skill, book)
    yield


def places(steps: tuple[Step, ...], at: Place = ("steps",)) -> Iterator[tuple[Place, Step]]:
    """Every step with where it stands in the file."""
    for index, step in enumerate(steps):
        here = (*at, index)
        yield here, step
        yield from places(step.then, (*here, "then"))
        yield from places(step.else_, (*here, "else"))


def _check_call(skill: Skill, call: CallStep, tools: Tools, place: Place) -> None:
    if call.tool not in tools:
        raise skill.wrong(f"step {call.id!r} calls unknown tool {call.tool!r}; see 'autopilot tools list'", *place)
    if skill.front.allowed_tools and call.tool not in skill.front.allowed_tools:
        says = f"step {call.id!r} calls {call.tool!r}, which is not in allowed-tools; add it there or drop the step"
        raise skill.wrong(says, *place)
    tool = tools[call.tool]
    if tool is None:
        return
    fields = tool.arguments.model_fields
    for name in call.with_:
        if name not in fields:
            says = f"step {call.id!r}: {call.tool} has no argument {name!r}; it has {', '.join(fields) or 'none'}"
            raise skill.wrong(says, *place)
    for name, field in fields.items():
        if field.is_required() and name not in call.with_:
            raise skill.wrong(f"step {call.id!r}: {call.tool} needs {name!r}; give it in 'with'", *place)
    if call.again is not None and tool.manifest.tier is not Tier.READ:
        raise skill.wrong(f"step {call.id!r}: 'again' is for looking, and {call.tool} changes something", *place)
    said_why = call.reason_code in tool.manifest.reason_codes and call.why is not None
    if tool.manifest.tier is not Tier.READ and not said_why:
        codes = ", ".join(tool.manifest.reason_codes)
        raise skill.wrong(f"step {call.id!r} changes something; give it 'why' and a reason_code of {codes}", *place)


def _check_names(skill: Skill, book: Playbook, expression: Expression, seen: Collection[str], place: Place) -> None:
    for root in sorted(expression.roots() - set(SCOPE)):
        raise skill.wrong(f"no {root!r} here, in {expression.source!r}; there are {', '.join(SCOPE)}", *place)
    for name in sorted(expression.mentions("inputs") - set(book.inputs)):
        known = ", ".join(book.inputs) or "none"
        raise skill.wrong(f"no input {name!r}, in {expression.source!r}; inputs are {known}", *place)
    for name in sorted(expression.mentions("steps") - set(seen)):
        known = ", ".join(sorted(seen)) or "none"
        raise skill.wrong(f"no step {name!r} before this one, in {expression.source!r}; there are {known}", *place)


def _check_schema(skill: Skill, book: Playbook) -> None:
    from jsonschema import Draft202012Validator, SchemaError

    try:
        Draft202012Validator.check_schema(book.output_schema)
    except SchemaError as error:
        where = ".".join(map(str, error.absolute_path)) or "the whole"
        raise skill.wrong(f"output_schema: {where}: {error.message}; mend it there", "output_schema") from None
    required = book.output_schema.get("required")
    for name in required if isinstance(required, list) else ():
        if name not in book.output:
            raise skill.wrong(f"output_schema requires {name!r}, and 'output' has no such entry", "output_schema")
