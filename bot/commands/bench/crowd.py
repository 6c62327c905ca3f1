"""A thousand tools: what they cost at the start, and what of them reaches a model."""

import time
from pathlib import Path

import httpx

from bot.agent import choosing
from bot.agent.prompt import summary
from bot.brains.base import UserSaid
from bot.commands.bench.gateway import GROUPS
from bot.commands.bench.numbers import Measured, Number, p50
from bot.commands.bench.switchboard import Switchboard
from policy.cedar import DEFAULT_RULES, PolicyEngine
from tools.registry import Registry
from tools.searching import search_tool
from tools.sources.openapi import load_openapi_source

COUNT = 1_000


async def measure(home: Path, *, quick: bool) -> Measured:
    """`quick` makes no difference: everything is done once, but for the searches."""
    home.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240 - nothing else runs here yet
    manifest = Switchboard(url="http://127.0.0.1:9").write_manifest(home, COUNT)
    async with httpx.AsyncClient(trust_env=False) as client:
        began = time.perf_counter()
        registry = Registry(await load_openapi_source(manifest, environ={}, client=client))
        registry.add(search_tool(registry))
        loaded = time.perf_counter() - began
    began = time.perf_counter()
    PolicyEngine.load(DEFAULT_RULES, registry.actions(), GROUPS)
    policy = time.perf_counter() - began
    began = time.perf_counter()
    registry.index.find("switch", 1)
    indexed = time.perf_counter() - began
    every = [summary(tool) for tool in registry]
    said = [UserSaid(text="please set switch 17 to on", by="ana")]
    took = []
    for _ in range(5 if quick else 30):
        began = time.process_time()
        chosen = choosing.choose(registry, said, lambda _: True, summary)
        took.append((time.process_time() - began) * 1e3)
    return Measured(
        benchmark="crowd",
        how=f"{len(registry)} tools of one OpenAPI manifest; tokens estimated at 3 characters each, rather too many",
        numbers=(
            Number(name="reading and checking them all", value=loaded, unit="s"),
            Number(name="rules over them, validated and tried on their cases", value=policy, unit="s"),
            Number(name="the search index", value=indexed * 1e3, unit="ms"),
            Number(name="choosing the tools of one prompt, CPU, p50", value=p50(took), unit="ms", target=20),
            Number(name="tool text of all of them", value=sum(map(choosing.tokens_of, every)), unit="tokens"),
            Number(
                name="tool text in one prompt",
                value=sum(map(choosing.tokens_of, chosen)),
                unit="tokens",
                target=choosing.MOST_TOKENS,
            ),
        ),
        notes=("recall on labelled requests, three sets: tests/tools/search, docs/use-a-model.md",),
    )
