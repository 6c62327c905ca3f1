"""Which tools a turn's prompt names. All of them while they fit; of many, those that fit the request."""

import json
from collections.abc import Callable, Iterator, Sequence

from bot.brains.base import BrainCalled, CallResult, Entry, ToolSummary, UserSaid
from tools import searching
from tools.contract import Tool
from tools.registry import Registry

MOST_TOKENS = 4_000
"""of tool text in one prompt"""
CHARACTERS_A_TOKEN = 3.0
"""fewer than any tokenizer needs for JSON like ours (3.3 to 4), so that the estimate is never too low"""
LOOKED_AT = 120
"""of the tools that fit best"""


def choose(
    registry: Registry,
    transcript: Sequence[Entry],
    may: Callable[[str], bool],
    summary: Callable[[Tool], ToolSummary],
) -> list[ToolSummary]:
    """The tools to name, in the registry's order; what was called or found before stays."""
    every = [tool for tool in registry if may(tool.name)]
    told = {tool.name: summary(tool) for tool in every} if len(every) <= LOOKED_AT else {}
    if told and sum(map(tokens_of, told.values())) <= MOST_TOKENS:
        return list(told.values())
    allowed = {tool.name for tool in every}
    chosen: dict[str, ToolSummary] = {}
    left = float(MOST_TOKENS)
    for name in _wanted(registry, transcript):
        if name not in allowed or name in chosen:
            continue
        one = told.get(name) or summary(registry.get(name))
        if tokens_of(one) <= left:
            chosen[name] = one
            left -= tokens_of(one)
    return [chosen[tool.name] for tool in every if tool.name in chosen]


def tokens_of(tool: ToolSummary) -> float:
    """About how many tokens a tool takes in a prompt; rather too many."""
    told = [tool.name, tool.description, tool.tier, tool.parameters, *tool.examples]
    return len(json.dumps(told, ensure_ascii=False)) / CHARACTERS_A_TOKEN + 12


def _wanted(registry: Registry, transcript: Sequence[Entry]) -> Iterator[str]:
    """Names, most wanted first: the search, what this task used or found, then what fits its words."""
    yield searching.NAME
    for entry in reversed(transcript):
        match entry:
            case BrainCalled(tool=tool):
                yield tool
            case CallResult(tool=searching.NAME, content={"tools": list(found)}):
                yield from (str(one["name"]) for one in found if isinstance(one, dict) and "name" in one)
    said = [entry.text for entry in transcript if isinstance(entry, UserSaid)]
    trusted = [entry.text for entry in transcript if isinstance(entry, UserSaid) and entry.trusted]
    words = dict.fromkeys((" ".join(trusted[-3:]), " ".join(said[-6:])))
    for one in words:
        yield from registry.index.find(one, LOOKED_AT)
