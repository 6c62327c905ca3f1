"""One command with typed arguments, ready to be called: how values become an argv, and exit codes an outcome."""

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, assert_never

from pydantic import AfterValidator, Field, JsonValue, StrictBool, StrictInt, StrictStr

from tools import people_only
from tools.contract import JsonObject, ToolFailed
from tools.manifest import Bound
from tools.sources import shell_process
from tools.sources.cel_rules import Place
from tools.sources.confined import Limits, cannot_hide_files, cannot_leave_network
from tools.sources.openapi_arguments import Arguments, Placed, bounded
from tools.sources.openapi_schema import model_of
from tools.sources.shell_manifest import CommandRule, ShellArgument
from tools.sources.shell_process import Ended, NotStarted, Stopped

HOLE = re.compile(r"\{([a-z][a-z0-9_]*)\}")
LINES_MAX = 2_000
TYPES: Mapping[str, Any] = {"text": StrictStr, "number": StrictInt, "yes_no": StrictBool}


@dataclass(frozen=True, kw_only=True)
class BoundCommand:
    """A command with its arguments and where it runs."""

    arguments: Arguments
    rule: CommandRule
    program: str
    environ: Mapping[str, str]
    folder: str
    timeout: float
    limits: Limits

    async def call(
        self,
        values: Mapping[str, JsonValue],
        *,
        may_change: bool = False,
        idempotency_key: str = "",
        extra_query: tuple[tuple[str, str], ...] = (),
    ) -> JsonObject:
        """What the program says, with its exit code.

        Raises:
            ToolFailed: it did not start, did not end in time, said too much, or ended with a code that is a failure.
        """
        environ = {**self.environ, "IDEMPOTENCY_KEY": idempotency_key} if idempotency_key else self.environ
        if why := await asyncio.to_thread(self._cannot_be_held):
            message = f"{Path(self.program).name!r} {why}; 'autopilot doctor' says what to do"
            raise ToolFailed(message, effect_possible=False, reason="unreachable")
        ended = await shell_process.run(
            [self.program, *self._argv(values)],
            environ=environ,
            folder=self.folder,
            seconds=self.timeout,
            limits=self.limits,
            stdin=_filled(self.rule.stdin, values),
        )
        match ended:
            case NotStarted(why=why):
                raise ToolFailed(why, effect_possible=False, reason="unreachable")
            case Stopped(why=why, late=late):
                reason = "timeout" if late else "bad_response"
                raise ToolFailed(why, effect_possible=may_change, reason=reason)
            case Ended():
                return self._outcome(ended, may_change)
            case _:
                assert_never(ended)

    def _cannot_be_held(self) -> str:
        if not self.limits.network and (why := cannot_leave_network()):
            return f"declares no `egress:`, and this machine cannot keep it off the network ({why})"
        if self.limits.files is not None and (why := cannot_hide_files()):
            return f"is to see only some files, and this machine cannot hide the others ({why})"
        return ""

    def _argv(self, values: Mapping[str, JsonValue]) -> list[str]:
        """One argument stays one argument, whatever is in it. One whose value is not given is left out."""
        argv: list[str] = []
        for part in self.rule.argv[1:]:
            holes = HOLE.findall(part)
            if any(values.get(name) is None or values[name] is False for name in holes):
                continue
            argv.append(_filled(part, values))
        return argv

    def _outcome(self, ended: Ended, may_change: bool) -> JsonObject:
        rule = self.rule.exits.get(ended.code)
        if ended.code != 0 and (rule is None or rule.means != "ran"):
            said = (rule.says if rule else "") or ended.errors.strip() or "it said nothing"
            refused = rule is not None and rule.means == "refused"
            how = f"ended with {ended.code}" if ended.code >= 0 else f"was killed by signal {-ended.code}"
            raise ToolFailed(
                f"{Path(self.program).name!r} {how}: {said[:600]}",
                effect_possible=may_change and not refused,
                reason="refused" if refused else "error",
            )
        return {"exit": ended.code, **self._read(ended.output, may_change)}

    def _read(self, output: str, may_change: bool) -> JsonObject:
        match self.rule.output:
            case "text":
                return {"text": output}
            case "lines":
                lines = output.splitlines()
                return {"lines": list(lines[:LINES_MAX]), "count": len(lines)}
            case "json":
                try:
                    return {"json": json.loads(output)}
                except (ValueError, RecursionError):
                    start = output.strip()[:100]
                    message = f"{Path(self.program).name!r} did not answer JSON but {start!r}; correct `output:`"
                    raise ToolFailed(message, effect_possible=may_change, reason="bad_response") from None


def arguments_of(name: str, rule: CommandRule, bounds: Mapping[str, Bound], place: Place) -> Arguments:
    """The model of a command's arguments.

    Raises:
        SourceError: a hole has no argument, an argument no hole, or the two do not fit.
    """
    holes = {hole for part in (*rule.argv, rule.stdin) for hole in HOLE.findall(part)}
    if people_only.runs_us(rule.argv):
        raise place.at("argv").error(f"runs the bot's own command line; {people_only.HINT}")
    if HOLE.search(rule.argv[0]):
        raise place.at("argv").error("the program itself cannot be an argument")
    for hole in sorted(holes - set(rule.arguments)):
        raise place.at("argv").error(f"{{{hole}}} is no argument; declare it under `arguments:`")
    for unused in sorted(set(rule.arguments) - holes):
        raise place.at(f"arguments.{unused}").error("stands nowhere in `argv:` or `stdin:`")
    fields: dict[str, Any] = {}
    for argument, declared in rule.arguments.items():
        if HOLE.search(rule.stdin) and declared.optional and argument in HOLE.findall(rule.stdin):
            raise place.at(f"arguments.{argument}").error("stands in `stdin:` and cannot be optional")
        described = bounded(_typed(argument, declared, place), argument, _bound(declared), "body")
        described = bounded(described, argument, bounds.get(argument), "body")
        optional = declared.optional or declared.default is not None
        fields[argument] = (described | None if optional else described, declared.default if optional else ...)
    return Arguments(
        model=model_of(name, fields),
        placed=tuple(Placed(name=argument, where="body") for argument in rule.arguments),
    )


def _typed(name: str, declared: ShellArgument, place: Place) -> Any:
    described = _about(TYPES[declared.type], declared.about)
    if declared.type == "number" and declared.min is None and declared.one_of is None and not declared.dash:
        return Annotated[described, AfterValidator(_no_option)]
    if declared.type != "text":
        return described
    try:
        pattern = re.compile(declared.pattern) if declared.pattern is not None else None
    except re.error as error:
        raise place.at(f"arguments.{name}.pattern").error(f"is no regular expression ({error})") from None

    def plain(value: str) -> str:
        if "\0" in value or not all(mark.isprintable() or mark in "\n\t" for mark in value):
            raise ValueError("holds characters that cannot be an argument")
        if value.startswith("-") and not declared.dash:
            raise ValueError(f"{value[:40]!r} begins with '-' and could be read as an option; leave the dash out")
        if pattern is not None and not pattern.fullmatch(value):
            raise ValueError(f"{value[:40]!r} does not match {pattern.pattern}")
        return value

    return Annotated[described, AfterValidator(plain)]


def _no_option(value: int) -> int:
    if value < 0:
        raise ValueError(f"{value} begins with '-' and could be read as an option; a `min:` below 0 allows it")
    return value


def _about(described: Any, about: str) -> Any:
    return Annotated[described, Field(description=about)]


def _bound(declared: ShellArgument) -> Bound:
    return Bound(min=declared.min, max=declared.max, one_of=declared.one_of, max_length=1_000)


def _filled(part: str, values: Mapping[str, JsonValue]) -> str:
    return HOLE.sub(lambda hole: "true" if values[hole[1]] is True else str(values[hole[1]]), part)
