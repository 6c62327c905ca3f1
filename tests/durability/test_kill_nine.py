"""kill -9 at every call the bot makes: nothing is lost, nothing happens twice, the thread reads as if nothing had been.

Case 40 of the safety list. The everyday suite takes the points where words, cards, votes and effects are at stake;
with AUTOPILOT_CHAOS=1 every call of the story is a point, before and after its effect, on both engines.
"""

import os
import random
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.durability.bench import Bench, a_bench
from tests.durability.bots import Nursery
from tests.durability.points import EVERY, EVERYDAY, EVERYDAY_POSTGRES, IN_PLAN, Point
from tests.durability.stories import killed_at, killed_in_plan_at

pytestmark = [pytest.mark.long, pytest.mark.asyncio(loop_scope="module")]
CHAOS = bool(os.environ.get("AUTOPILOT_CHAOS"))
SEED = int(os.environ.get("AUTOPILOT_CHAOS_SEED", "7"))


def _in_some_order(points: tuple[Point, ...]) -> list[Point]:
    """Shuffled by the seed: each point meets the leftovers of another one."""
    return random.Random(SEED).sample(points, len(points))  # noqa: S311 - reproducible, not secret


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def on_sqlite(nursery: Nursery, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bench]:
    """A bench with one bot, for all points."""
    home = tmp_path_factory.mktemp("sqlite")
    async with a_bench(home, nursery, f"sqlite:///{home / 'autopilot.db'}") as bench:
        await bench.start_bot()
        yield bench


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def on_postgres(
    nursery: Nursery, postgres_of_module: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Bench]:
    """The same on PostgreSQL."""
    async with a_bench(tmp_path_factory.mktemp("postgres"), nursery, postgres_of_module) as bench:
        await bench.start_bot()
        yield bench


@pytest.mark.parametrize("point", _in_some_order(EVERY if CHAOS else EVERYDAY), ids=str)
async def test_killed_on_sqlite(on_sqlite: Bench, point: Point) -> None:
    """The change is made once, by one approved call, and the thread tells it once."""
    async with on_sqlite.starting_over_on_failure():
        await killed_at(on_sqlite, point)


@pytest.mark.parametrize("point", IN_PLAN, ids=str)
async def test_killed_within_a_plan(on_sqlite: Bench, point: Point) -> None:
    """Two changes that were approved as one plan are each made once, in their order."""
    async with on_sqlite.starting_over_on_failure():
        await killed_in_plan_at(on_sqlite, point)


@pytest.mark.postgres
@pytest.mark.parametrize("point", _in_some_order(EVERY if CHAOS else EVERYDAY_POSTGRES), ids=str)
async def test_killed_on_postgres(on_postgres: Bench, point: Point) -> None:
    """The same, and the next replica waits for the lease of the dead one."""
    async with on_postgres.starting_over_on_failure():
        await killed_at(on_postgres, point)
