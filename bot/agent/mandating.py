"""Plan, then act: what a task's trusted request implies, found before anything else is read, and kept on the record."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from bot.agent import transcript
from bot.agent.definition import AgentDefinition
from policy.clauses import own_words
from policy.mandate import Mandate, Runbook, mandate
from policy.types import Tier
from storage import audit, mandates
from storage.canonical import digest
from storage.db import Database
from storage.records import Step, Task
from tools.registry import Registry
from tools.tracing import write_of


class Foresight(Protocol):
    """A model that is asked, of a request alone, which changes it implies."""

    async def tools(self, words: Sequence[str], writes: Mapping[str, str]) -> Mapping[str, str]:
        """Tool → why, for those among `writes` (tool → what it does) that the words imply; none when unsure."""
        ...


@dataclass(kw_only=True)
class Mandating:
    """Works out mandates. Rules come first; a model is asked about what they do not cover, once for equal words."""

    db: Database
    registry: Registry
    agent: AgentDefinition
    clean: Callable[[str], str]
    """without secrets: the record quotes what people typed"""
    runbooks: Sequence[Runbook] = ()
    foresight: Foresight | None = None
    _foreseen: dict[str, Mapping[str, str]] = field(default_factory=dict)

    async def earlier(self, task: Task) -> tuple[str, ...]:
        """What the same person asked before in this thread, oldest first."""
        async with self.db.read() as tx:
            return tuple(own_words(text)[0] for text in await mandates.asked_before(tx, task))

    async def of(self, task: Task, steps: Sequence[Step], earlier: Sequence[str], tool: str) -> Mandate:
        """The mandate of a task, as it concerns this tool; new ones are put on the record."""
        words = (*earlier, *transcript.trusted_words(steps))
        found = self._by_rules(words, steps, {})
        if self.foresight is not None and words and tool not in found.tools and not found.barred:
            found = self._by_rules(words, steps, await self._foresee(words))
        text = self.clean(found.as_json())
        async with self.db.write() as tx:
            if await mandates.keep(tx, task, digest(text), text):
                await audit.append(
                    tx,
                    task.tenant,
                    "ops.agent_task.mandated",
                    task_id=task.id,
                    correlation_id=task.correlation_id,
                    body={"mandate": digest(text), "tools": [*sorted(found.tools)], "barred": [*sorted(found.barred)]},
                )
        return found

    def _by_rules(self, words: Sequence[str], steps: Sequence[Step], also: Mapping[str, str]) -> Mandate:
        return mandate(
            words,
            writes=[write_of(tool) for tool in self.registry if tool.manifest.tier is not Tier.READ],
            runbooks=self.runbooks,
            quoted=[*transcript.quoted(steps), *transcript.pasted(steps)],
            also=also,
        )

    async def _foresee(self, words: Sequence[str]) -> Mapping[str, str]:
        key = digest("\0".join(words))
        if key not in self._foreseen:
            # What cannot be undone has to be asked for in words that the rules understand.
            writes = {
                tool.name: tool.manifest.summary
                for tool in self.registry
                if tool.manifest.tier is Tier.REVERSIBLE and self.agent.may_ask_for(tool.name)
            }
            assert self.foresight is not None
            if len(self._foreseen) > 200:
                self._foreseen.clear()
            self._foreseen[key] = await self.foresight.tools(words, writes) if writes else {}
        return self._foreseen[key]
