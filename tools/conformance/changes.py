"""One change, made and taken back, with a look at the world after each step."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from storage.canonical import canonical
from tools.admitting import Admitted, validate
from tools.conformance.shapes import differences
from tools.conformance.verdicts import Promise, Verdict
from tools.contract import Held, Impact, InverseCall, Tool, ToolContext, ToolFailed, Verified, answered
from tools.sealing import fingerprint

STEP = 0.5
"""seconds between two looks at a change that has not taken yet"""
Step = tuple[Promise, Verdict, str]


@dataclass(kw_only=True)
class Trial:
    """Makes one example of a change for real."""

    tool: Tool
    call: Admitted
    tools: Mapping[str, Tool]
    state: Callable[[], Awaitable[JsonValue]]
    key: str
    output: JsonValue = None
    """the example's"""
    wait: Callable[[float], Awaitable[None]] = asyncio.sleep
    said: list[str] = field(default_factory=list)
    """everything the tool answered on the way"""

    async def steps(self) -> AsyncIterator[Step]:
        """Run, run again, undo, undo again: what each came to. A step that fails ends the trial."""
        try:
            async for step in self._steps():
                yield step
        except Exception as error:
            self.said.append(str(error))
            yield Promise.EFFECT, Verdict.BROKEN, f"{type(error).__name__}: {error}"

    async def _steps(self) -> AsyncIterator[Step]:
        before = canonical(await self.state())
        impact = await self.tool.preview(self.call.parsed, self._context("look")) if self.tool.preview else None
        answer = await self.tool.run(self.call.parsed, self._context("run"))
        self.said.append(str(answer))
        yield Promise.OUTPUT, *_kept("; ".join([*differences(self.output, answer)][:5]))
        seen = await self._verified(impact)
        if seen is None:
            yield Promise.EFFECT, Verdict.UNTRIED, "it has no verify"
        else:
            yield Promise.EFFECT, *_kept("" if seen.held is Held.YES else f"verify says {seen.held}: {seen.says}")
        done = canonical(await self.state())
        if impact is not None and done != before:
            yield Promise.NOTICED, *_kept(await self._unnoticed(impact))
        if self.tool.manifest.idempotent:
            self.said.append(str(await self.tool.run(self.call.parsed, self._context("run"))))
            same = canonical(await self.state()) == done
            yield Promise.ONCE, *_kept("" if same else "the second run under one key changed something more")
        if self.tool.undo is None or impact is None:
            return
        inverse = await answered(self.tool.undo(self.call.parsed, impact))
        if inverse is None:
            says = "" if done == before else "it changed something, but undo says there is nothing to take back"
            yield Promise.UNDO, *(_kept(says) if says else (Verdict.UNTRIED, "the example changes nothing here"))
            return
        if done == before:
            yield Promise.UNDO, Verdict.UNTRIED, "nothing that can be seen here was changed by the example"
            return
        await self._take_back(inverse, "undo")
        restored = canonical(await self.state()) == before
        yield Promise.UNDO, *_kept("" if restored else "after the undo the state is not what it was")
        with contextlib.suppress(ToolFailed):  # refusing it is as good
            await self._take_back(inverse, "undo again")
        same = canonical(await self.state()) == before
        yield Promise.UNDONE, *_kept("" if same or not restored else "undoing again changed something more")

    async def _take_back(self, inverse: InverseCall, key: str) -> None:
        tool = self.tools[inverse.tool]
        call = validate(tool, dict(inverse.arguments))
        self.said.append(str(await tool.run(call.parsed, self._context(key))))

    async def _unnoticed(self, impact: Impact) -> str:
        """Why nobody would be told if somebody else made this change between the proposal and the press; "" is good."""
        assert self.tool.preview is not None
        try:
            again = await self.tool.preview(self.call.parsed, self._context("look again"))
        except ToolFailed:  # then it is not run either
            return ""
        if fingerprint(again) != fingerprint(impact):
            return ""
        return "its preview's `before` is the same before and after the change, so a target that moved is not seen"

    async def _verified(self, impact: Impact | None) -> Verified | None:
        if self.tool.verify is None:
            return None
        waited = 0.0
        while True:
            seen = await self.tool.verify(self.call.parsed, impact, self._context("verify"))
            self.said.append(f"{seen.says} {seen.data}")
            if seen.held is Held.YES or waited >= self.tool.manifest.watch_seconds:
                return seen
            await self.wait(STEP)
            waited += STEP

    def _context(self, step: str) -> ToolContext:
        return ToolContext(
            tenant="conformance",
            correlation_id="conformance",
            idempotency_key=f"{self.key}:{step}",
            env=self.call.target.env,
        )


def _kept(why_not: str) -> tuple[Verdict, str]:
    return (Verdict.BROKEN, why_not) if why_not else (Verdict.KEPT, "")
