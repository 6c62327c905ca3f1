"""What the bot adds to a call of each kind of source, beside the same call made directly over the same way."""

import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from bot.commands.bench.far_ends import ASKED, far_ends
from bot.commands.bench.gateway import GROUPS, timed
from bot.commands.bench.numbers import Measured, Number, p50
from policy.cedar import DEFAULT_RULES, PolicyEngine
from tools.registry import Registry


async def measure(home: Path, *, quick: bool) -> Measured:
    home.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240 - nothing else runs here yet
    count, numbers = (10 if quick else 100), []
    async with far_ends(home) as ends:
        registry = Registry([end.tool for end in ends])
        engine = PolicyEngine.load(DEFAULT_RULES, registry.actions(), GROUPS)
        for end in ends:
            cpu_alone: list[float] = []
            cpu: list[float] = []
            alone = p50(await _timed_directly(end.directly, count, cpu_alone))
            (home / end.kind).mkdir()
            through = p50(await timed(home / end.kind, registry, engine, count, end.tool.name, ASKED, cpu=cpu))
            numbers += [
                Number(name=f"{end.kind}: directly, p50", value=alone, unit="ms"),
                Number(name=f"extra by the bot: {end.kind}, p50", value=through - alone, unit="ms", target=15),
                Number(name=f"extra by the bot: {end.kind}, CPU, p50", value=p50(cpu) - p50(cpu_alone), unit="ms"),
            ]
    how = (
        f"{count} reads of each source: directly (httpx, the MCP SDK's own client, a subprocess, the function itself), "
        "and through source and gateway on SQLite; one after the other; what another process computes is not in CPU"
    )
    return Measured(benchmark="sources", how=how, numbers=tuple(numbers))


async def _timed_directly(directly: Callable[[], Awaitable[object]], count: int, cpu: list[float]) -> list[float]:
    took = []
    for number in range(count + 1):
        began, computed = time.perf_counter(), time.process_time()
        await directly()
        if number:  # the first one connects
            took.append((time.perf_counter() - began) * 1e3)
            cpu.append((time.process_time() - computed) * 1e3)
    return took
