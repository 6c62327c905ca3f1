"""Plays a playbook against real tools, the way the rules brain does, with a person's answer to each proposal."""

import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from policy.types import Tier
from storage.canonical import canonical
from tests.tools.sources.conftest import context
from tools.contract import Held, Tool, ToolFailed
from tools.expressions import Expression

SKILLS = Path(__file__).parents[3] / "tools/skills"
Answer = Callable[[str], tuple[str, str]]
"""proposed tool → (status, message)"""


class Stop(Exception):
    """The playbook is done."""


@dataclass
class Play:
    """One run: what was said, and what was really changed."""

    tools: dict[str, Tool]
    answer: Answer
    wait: Callable[[float], None]
    """lets time pass while a change is watched"""
    inputs: dict[str, str] = field(default_factory=dict)
    steps: dict[str, Any] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    thought: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)

    async def run(self, name: str) -> "Play":
        book = yaml.safe_load((SKILLS / name / "playbook.yaml").read_text())
        defaults = {key: rule["default"] for key, rule in book.get("inputs", {}).items()}
        self.inputs = {**defaults, **self.inputs}
        with contextlib.suppress(Stop):
            await self._steps(book["steps"])
        return self

    def _value(self, source: str) -> Any:
        scope: dict[str, Any] = {"inputs": self.inputs, "env": "prod", "steps": self.steps}
        return Expression.parse(source).value(scope)

    async def _steps(self, steps: list[dict[str, Any]]) -> None:
        for step in steps:
            match step:
                case {"think": text}:
                    self.thought.append(text)
                case {"think_cel": source}:
                    self.thought.append(self._value(source))
                case {"say": source}:
                    self.said.append(self._value(source))
                case {"stop": True}:
                    raise Stop
                case {"if": condition, **branches}:
                    held = self._value(condition)
                    assert isinstance(held, bool)
                    await self._steps(branches.get("then" if held else "else", []))
                case {"call": call}:
                    await self._call(**call)
                case {"together": calls}:
                    for call in [one for one in calls if self._value(one.get("when", "true"))]:
                        await self._call(**call)
                case _:
                    raise AssertionError(f"unknown step {step}")

    async def _call(self, **call: Any) -> None:
        tool = self.tools[call["tool"]]
        args = tool.arguments.model_validate({name: self._value(source) for name, source in call["with"].items()})
        status, message, result = "ran", "", {}
        if tool.manifest.tier is not Tier.READ:
            assert call["reason_code"] in tool.manifest.reason_codes
            self.reasons.append(self._value(call["why"]))
            status, message = self.answer(tool.name)
        if status == "ran":
            try:
                impact = await tool.preview(args, context()) if tool.preview else None
                result = await tool.run(args, context(f"{call['id']}-key"))
                if tool.verify is not None:
                    self.changed.append(tool.name)
                    self.wait(7)
                    assert (await tool.verify(args, impact, context())).held is Held.YES
            except ToolFailed as error:
                status, message = "failed", str(error)
        # Kept and read again, as between two turns: 10.0 comes back as 10.
        self.steps[call["id"]] = {"status": status, "message": message, "result": json.loads(canonical(result))}
