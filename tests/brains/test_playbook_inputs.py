"""What a playbook takes from the request is as trustworthy as who made the request: an alert vouches for nothing."""

from pathlib import Path

import pytest

from bot.agent.tracing import witness
from bot.agent.transcript import open_calls
from bot.agent.turn import Turn
from bot.brains.base import Call, Prompt, UserSaid
from bot.brains.rules import RulesBrain
from bot.terminal.stage import Silent
from policy.provenance import Origin
from storage.records import JsonObject, StepKind
from tests.agent.test_tracing import REGISTRY, a_task, steps
from tools.playbooks.library import find

PLAYBOOK = """
name: flag-off
match: {words: [flag]}
inputs:
  flag: {default: none, pattern: 'flag ([a-z-]+)'}
  env: {default: prod, one_of: [prod, staging]}
plan: Switch it off
steps:
  - call: {id: off, tool: estate.set_flag, with: {name: inputs.flag, "on": "false"}, why: "'because'"}
"""


async def _origin(tmp_path: Path, asked: JsonObject) -> Origin:
    """Of the name that the playbook puts into its call."""
    folder = tmp_path / "flag-off"
    folder.mkdir()
    (folder / "playbook.yaml").write_text(PLAYBOOK, encoding="utf-8")
    (folder / "SKILL.md").write_text("---\nname: flag-off\ndescription: looks\n---\n", encoding="utf-8")
    brain = RulesBrain(find([tmp_path], {tool.name: None for tool in REGISTRY}))
    prompt = Prompt(system="", transcript=(UserSaid(text=str(asked["text"]), by="x"),), tools=())
    turn = Turn(Silent())
    async for event in brain.think(prompt):
        turn.take(event)
    assert [type(call) for call in turn.calls] == [Call]
    told = steps((StepKind.USER, asked), *turn.entries(REGISTRY, taken=set(), partial=False))
    [call] = open_calls(told)
    return witness(a_task(), told, REGISTRY).of(call, frozenset())["name"].origin


async def test_a_name_from_an_alert_is_vouched_for_by_nobody(tmp_path: Path) -> None:
    """Whoever can make an alert fire would else choose what an installed playbook changes, unasked at level 2."""
    asked: JsonObject = {"text": "An alert fired: flag fraud-check is slow", "by": "U0BOT", "hearsay": True}
    assert await _origin(tmp_path, asked) is Origin.UNTRUSTED


@pytest.mark.parametrize(
    ("text", "origin"),
    [("flag fraud-check is slow", Origin.PLAYBOOK), ("the flag!", Origin.PLAYBOOK)],
    ids=["named", "the playbook's own default"],
)
async def test_a_name_from_a_person_or_from_the_playbook_is_as_before(
    tmp_path: Path, text: str, origin: Origin
) -> None:
    assert await _origin(tmp_path, {"text": text, "by": "U0ANA"}) is origin
