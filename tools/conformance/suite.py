"""The conformance suite: tries what each tool promises, against whatever the tools are connected to.

Reads and previews are always harmless to try. Changes are made only when asked for, on a place meant for it, and
taken back; irreversible ones need to be asked for by name.
"""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from policy.redaction import Redactor
from policy.redaction_rules import SECRETS
from policy.types import Tier
from storage.canonical import canonical
from tools.admitting import Admitted, BadArguments, validate
from tools.conformance.changes import Trial
from tools.conformance.deadlines import overstays
from tools.conformance.shapes import differences
from tools.conformance.verdicts import Promise, Tried, Verdict
from tools.contract import Tool, ToolContext, answered
from tools.manifest import Example
from tools.registry import schema_of

State = Callable[[], Awaitable[JsonValue]]
"""everything a tool could have changed, without what moves by itself"""


@dataclass(frozen=True, kw_only=True)
class Suite:
    """Tries tools. Which promises are tried depends on what may be touched."""

    tools: Mapping[str, Tool]
    state: State | None = None
    """a look at the world; without one, what the previews of all changes say was there before"""
    secrets: Sequence[str] = ()
    """values that must not appear anywhere: tokens, passwords"""
    changes: bool = False
    """make reversible changes and take them back"""
    irreversible: bool = False
    """make the others too"""
    wait: Callable[[float], Awaitable[None]] = asyncio.sleep
    """how time passes until a change has taken"""
    name: str = field(default_factory=lambda: secrets.token_hex(6))
    """of this try: its keys must be new to the far end"""
    silent: Mapping[str, Tool] = field(default_factory=dict)
    """the same tools connected to something that never answers, for the deadline"""

    async def run(self) -> list[Tried]:
        """Every promise of every tool, in order of names."""
        return [tried for name in sorted(self.tools) async for tried in self._of(self.tools[name])]

    async def _of(self, tool: Tool) -> AsyncIterator[Tried]:
        if not tool.manifest.examples:
            yield _tried(tool, Promise.EXAMPLES, Verdict.UNTRIED, "it has no example; write one for each way to use it")
            return
        for index, example in enumerate(tool.manifest.examples):
            where = f"example {index + 1}"
            try:
                call = validate(tool, dict(example.input))
            except BadArguments as error:
                yield _tried(tool, Promise.SCHEMA, Verdict.BROKEN, f"{where}: {error}")
                continue
            yield _words(tool, Promise.SCHEMA, "; ".join(_written(tool, example)))
            yield _words(tool, Promise.STRICT, _lax(tool, example))
            async for tried in self._looked(tool, example, call, where):
                yield tried
            yield await self._deadline(tool, call)
            if tool.manifest.tier is not Tier.READ:
                async for tried in self._changed(tool, example, call, f"{self.name}:{tool.name}:{index}"):
                    yield tried

    async def _looked(self, tool: Tool, example: Example, call: Admitted, where: str) -> AsyncIterator[Tried]:
        """The harmless part: a read's run, a change's preview."""
        before = await self._state()
        try:
            if tool.manifest.tier is Tier.READ:
                answer = await tool.run(call.parsed, context_of(where))
                said = [json.dumps(answer), await answered(tool.finding(call.parsed, answer)), tool.title(call.parsed)]
            elif tool.preview is not None:
                impact = await tool.preview(call.parsed, context_of(where))
                said = [repr(impact), tool.says(call.parsed), tool.title(call.parsed)]
            else:
                yield _tried(tool, Promise.EXAMPLES, Verdict.UNTRIED, f"{where}: it has no preview")
                return
        except Exception as error:
            yield _tried(tool, Promise.EXAMPLES, Verdict.BROKEN, f"{where}: {type(error).__name__}: {error}")
            yield _words(tool, Promise.SECRETS, self._leaks([str(error)]))
            return
        yield _words(tool, Promise.EXAMPLES, _unfit(said[1]))
        if tool.manifest.tier is Tier.READ:
            if example.output is None:
                yield _tried(tool, Promise.OUTPUT, Verdict.UNTRIED, f"{where} says no output")
            else:
                yield _words(tool, Promise.OUTPUT, "; ".join([*differences(example.output, answer)][:5]))
        after = await self._state()
        moved = "" if canonical(before) == canonical(after) else "the state was another one afterwards"
        yield _words(tool, Promise.HARMLESS, moved)
        yield _words(tool, Promise.SECRETS, self._leaks([*said, json.dumps(schema_of(tool))]))

    async def _changed(self, tool: Tool, example: Example, call: Admitted, key: str) -> AsyncIterator[Tried]:
        if tool.manifest.tier is Tier.REVERSIBLE and tool.undo is None:
            yield _tried(tool, Promise.UNDO, Verdict.BROKEN, "it is reversible but has no undo; irreversible is honest")
            return
        if not (self.irreversible if tool.manifest.tier is Tier.IRREVERSIBLE else self.changes):
            yield _tried(tool, Promise.EFFECT, Verdict.UNTRIED, "changes were not asked for")
            return
        trial = Trial(
            tool=tool, call=call, tools=self.tools, state=self._state, key=key, output=example.output, wait=self.wait
        )
        async for promise, verdict, says in trial.steps():
            yield _tried(tool, promise, verdict, says)
        yield _words(tool, Promise.SECRETS, self._leaks(trial.said))

    async def _deadline(self, tool: Tool, call: Admitted) -> Tried:
        tool = self.silent.get(tool.name, tool)
        if tool.manifest.tier is Tier.READ:
            return _words(tool, Promise.DEADLINE, await overstays(lambda: tool.run(call.parsed, context_of("late"))))
        look = tool.preview
        if look is None:
            return _tried(tool, Promise.DEADLINE, Verdict.UNTRIED, "it has no preview to try it on")
        return _words(tool, Promise.DEADLINE, await overstays(lambda: look(call.parsed, context_of("late"))))

    async def _state(self) -> JsonValue:
        if self.state is not None:
            return await self.state()
        seen: dict[str, JsonValue] = {}
        for name, tool in sorted(self.tools.items()):
            for index, example in enumerate(tool.manifest.examples if tool.preview else ()):
                try:
                    assert tool.preview is not None
                    parsed = validate(tool, dict(example.input)).parsed
                    seen[f"{name} {index}"] = (await tool.preview(parsed, context_of("state"))).before
                except Exception as error:  # said at that tool's own examples
                    seen[f"{name} {index}"] = type(error).__name__
        return seen

    def _leaks(self, said: Sequence[str]) -> str:
        """Which secret stands in what a tool said, without saying it again."""
        text = "\n".join(said)
        for secret in self.secrets:
            if len(secret) >= SHORTEST_SECRET and secret in text:
                return f"a secret of {len(secret)} characters came back"
        found = set(_CREDENTIALS.text(text).found)
        return f"something that looks like {', '.join(sorted(found))} came back" if found else ""


SHORTEST_SECRET = 6
"""characters; what is shorter stands in any text"""
_CREDENTIALS = Redactor(SECRETS, ())
"""what no tool has a reason to hand out; people's addresses it may have"""


def context_of(key: str) -> ToolContext:
    return ToolContext(tenant="conformance", correlation_id="conformance", idempotency_key=f"conformance:{key}")


def _words(tool: Tool, promise: Promise, why_not: str) -> Tried:
    return _tried(tool, promise, Verdict.BROKEN if why_not else Verdict.KEPT, why_not)


def _tried(tool: Tool, promise: Promise, verdict: Verdict, says: str) -> Tried:
    return Tried(tool=tool.name, promise=promise, verdict=verdict, says=says)


def _written(tool: Tool, example: Example) -> Iterator[str]:
    """What of an example does not survive being written and read again."""
    call = validate(tool, dict(example.input))
    again = validate(tool, call.arguments)
    if canonical(again.arguments) != canonical(call.arguments):
        yield "sealed and read again, the arguments are others"
    for name, value in example.input.items():
        if value is not None and call.arguments.get(name) != value:
            yield f"{name}: the example says {value!r}, the tool would get {call.arguments.get(name)!r}"
    json.dumps(schema_of(tool), allow_nan=False)


def _lax(tool: Tool, example: Example) -> str:
    try:
        validate(tool, {**example.input, "no_such_argument_": 1})
    except BadArguments:
        return ""
    return "it takes an argument it does not know; forbid extra fields in its model"


def _unfit(line: str) -> str:
    return "its line for people has several lines" if "\n" in line.strip() else ""
