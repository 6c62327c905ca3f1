"""Words that people have already read, of a turn that then fails: they are not read twice, and do not stand alone."""

from pathlib import Path

import pytest

from bot.brains.base import Saying
from bot.brains.errors import BrainRefused, BrainUnavailable
from bot.brains.scripted import ScriptedBrain
from tests.durability.reading import words
from tests.scenarios.world import World, a_world

FIRST, REST = "The first half of the answer. ", "And the rest of it."


def _said(world: World, thread: str) -> str:
    return " ".join(words(m) for m in world.thread(thread) if m.get("bot_id"))


async def test_a_turn_that_is_tried_again_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The model breaks off after half an answer, and says the whole of it a moment later."""
    broken = BrainUnavailable("the model broke off", retry_after=0.1)
    brain = ScriptedBrain([[Saying(delta=FIRST), broken, Saying(delta=REST)]])
    async with a_world(tmp_path, monkeypatch.setenv, fault=None, brain=brain) as world:
        thread = await world.ask("tell me")
        await world.see(lambda: REST.strip() in _said(world, thread) and not _open(world, thread))
        said = _said(world, thread)
        assert said.count(FIRST.strip()) == 1, said
        assert said.count(REST) == 1, said


async def test_a_turn_that_fails_for_good_leaves_no_half_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is no part of the record does not stay in the thread; the notice says why there is no answer."""
    brain = ScriptedBrain([[Saying(delta=FIRST), BrainRefused("the model refused to go on")]])
    async with a_world(tmp_path, monkeypatch.setenv, fault=None, brain=brain) as world:
        thread = await world.ask("tell me")
        await world.text(thread, "The model refused to go on")
        await world.see(lambda: FIRST.strip() not in _said(world, thread) and not _open(world, thread))


def _open(world: World, thread: str) -> bool:
    return any(m.get("streaming") for m in world.thread(thread))
