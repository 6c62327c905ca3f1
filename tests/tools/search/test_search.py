"""Of a thousand tools, a prompt names those that a request needs, within its room."""

import asyncio
from pathlib import Path

import pytest
import yaml

from bot.agent import choosing
from bot.agent.prompt import summary
from bot.brains.base import BrainCalled, CallResult, UserSaid
from tests.tools.search.crowd import crowd
from tests.tools.sources.conftest import context
from tools.registry import Registry


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    made = asyncio.run(crowd(tmp_path_factory.mktemp("crowd")))
    assert len(made) == 1_000
    return made


def named(registry: Registry, *transcript: object) -> set[str]:
    return {tool.name for tool in choosing.choose(registry, transcript, lambda _: True, summary)}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("labelled", "least"),
    [
        ("labelled", 0.95),
        # Words and tools share little here: measured (0.78, 0.55) rather than promised, and a fall is noticed.
        ("held_out", 0.75),
        ("in_own_words", 0.5),
    ],
)
def test_what_requests_need_is_named_within_the_room_there_is(registry: Registry, labelled: str, least: float) -> None:
    cases = yaml.safe_load(Path(__file__).with_name(f"{labelled}.yaml").read_text())
    needed = found = 0
    missed = []
    for case in cases:
        chosen = choosing.choose(registry, [UserSaid(text=case["ask"], by="U0ANA")], lambda _: True, summary)
        assert sum(map(choosing.tokens_of, chosen)) <= choosing.MOST_TOKENS, case
        names = {tool.name for tool in chosen}
        assert "tools.search" in names
        needed += len(case["needs"])
        found += len(names & set(case["needs"]))
        missed += [(case["ask"], name) for name in case["needs"] if name not in names]
    assert {name for case in cases for name in case["needs"]} <= {tool.name for tool in registry}
    assert found / needed >= least, missed


def test_a_tool_is_found_by_what_its_skills_are_for(registry: Registry) -> None:
    assert "shop.error_rate" in named(registry, UserSaid(text="checkout is failing, what is going on?", by="U0ANA"))


def test_a_prompt_makes_no_schema_twice(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    """Making one takes a millisecond, and a prompt looks at a hundred: that was the turn's whole cost."""
    said = UserSaid(text="scale the checkout deployment", by="U0ANA")
    first, made = named(registry, said), []
    for tool in registry:
        monkeypatch.setattr(tool.arguments, "model_json_schema", lambda: made.append(1))
    assert (named(registry, said), made) == (first, [])


def test_what_was_called_or_found_before_stays_named(registry: Registry) -> None:
    said = UserSaid(text="good morning", by="U0ANA")
    assert "wishlist.scale" not in named(registry, said)
    called = BrainCalled(call_id="c", tool="wishlist.scale", arguments={})
    assert "wishlist.scale" in named(registry, said, called)
    found = CallResult(call_id="s", tool="tools.search", status="ran", content={"tools": [{"name": "ads.pause"}]})
    assert "ads.pause" in named(registry, said, found)
    forged = CallResult(call_id="s", tool="loki.search", status="ran", content={"tools": [{"name": "ads.pause"}]})
    assert "ads.pause" not in named(registry, said, forged)


def test_what_the_agent_may_not_ask_for_is_never_named(registry: Registry) -> None:
    said = [UserSaid(text="scale the checkout deployment", by="U0ANA")]
    names = {tool.name for tool in choosing.choose(registry, said, lambda name: name != "kubernetes.scale", summary)}
    assert "kubernetes.scale" not in names
    assert "kubernetes.deployments" in names


async def test_few_tools_are_all_named(registry: Registry) -> None:
    few = Registry([tool for tool in registry if tool.name.startswith(("loki.", "prometheus."))])
    assert len(named(few, UserSaid(text="hello", by="U0ANA"))) == len(few) == 4


async def test_a_search_finds_by_what_a_tool_does(registry: Registry) -> None:
    tool = registry.get("tools.search")
    found = await tool.run(tool.arguments.model_validate({"words": "restart a deployment"}), context())
    assert "kubernetes.restart" in [one["name"] for one in found["tools"]]  # type: ignore[index,union-attr,call-overload]


@pytest.mark.parametrize("words", ['"', 'a" OR "b', "NEAR(", "* - ^ : {}", "the and of", "\x00", "x" * 5_000, "日本語"])
def test_no_words_break_the_search(registry: Registry, words: str) -> None:
    assert isinstance(registry.index.find(words, 5), list)
