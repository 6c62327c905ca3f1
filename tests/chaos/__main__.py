"""`python -m tests.chaos`: so many seeded runs, their table, and a failing seed's story. See docs/durability.md."""

import argparse
import asyncio
import json
import logging
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from tests.chaos.lane import Result, a_lane
from tests.chaos.plan import plan_of
from tests.chaos.table import as_json, as_markdown


def main() -> int:
    """Exit code 1 when any run ended badly."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=None, help="one seed alone, told in full")
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--lanes", type=int, default=2, help="runs at once")
    parser.add_argument("--out", type=Path, default=Path(".artifacts"), help="where chaos.json and chaos.md go")
    chosen = parser.parse_args()
    seeds = [chosen.seed] if chosen.seed is not None else list(range(chosen.first, chosen.first + chosen.runs))
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # servers that end under connected bots
    began = time.monotonic()
    told = chosen.seed is not None

    def keep(results: list[Result]) -> None:
        """After every run, so that a run of hours that is broken off has told what it saw."""
        if not told:
            chosen.out.mkdir(parents=True, exist_ok=True)
            (chosen.out / "chaos.json").write_text(json.dumps(as_json(results), indent=1))
            (chosen.out / "chaos.md").write_text(as_markdown(results, seconds=time.monotonic() - began))

    results = asyncio.run(_all(seeds, lanes=min(chosen.lanes, len(seeds)), told=told, keep=keep))
    sys.stdout.write(f"\n{as_markdown(results, seconds=time.monotonic() - began)}\n")
    return 1 if any(result.troubles for result in results) else 0


async def _all(seeds: list[int], *, lanes: int, told: bool, keep: Callable[[list[Result]], None]) -> list[Result]:
    home = Path(tempfile.mkdtemp(prefix="chaos-"))
    waiting = iter(seeds)
    results: list[Result] = []

    async def work(number: int) -> None:
        own = home / f"lane-{number}"
        own.mkdir()
        async with a_lane(own) as lane:
            for seed in waiting:
                plan = plan_of(seed)
                if told:
                    sys.stdout.write(json.dumps(asdict(plan), indent=1) + "\n")
                result = await lane.run(plan)
                results.append(result)
                keep(results)
                mark = "BAD" if result.troubles else "ok"
                faults = ", ".join(f"{f.kind} at {f.point!r}" for f in plan.faults)
                sys.stdout.write(
                    f"{len(results):>4} seed {seed:<5} {mark:<4}{result.seconds:5.1f} s  {plan.engine} x{plan.replicas}"
                    f"  {', '.join(t.story for t in plan.threads)}  [{faults}]\n"
                )
                for trouble in result.troubles:
                    sys.stdout.write(f"       {trouble}\n")
                if result.troubles:
                    sys.stdout.write(f"       again: make chaos SEED={seed}\n")
                sys.stdout.flush()

    await asyncio.gather(*(work(number) for number in range(lanes)))
    return sorted(results, key=lambda result: result.plan.seed)


if __name__ == "__main__":
    sys.exit(main())
