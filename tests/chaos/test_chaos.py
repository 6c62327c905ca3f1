"""A bounded slice of the chaos: some seeds of `make chaos`, and that a plan is what its seed says."""

import functools
import importlib
import inspect
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.chaos.lane import Lane, a_lane
from tests.chaos.plan import Engine, FaultKind, plan_of
from tests.chaos.points import POINTS, Point

SLICE = (2, 12, 16, 19, 20, 24, 27, 31)
"""both engines, every kind of fault; some of these seeds have found something once"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lane(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Lane]:
    """One lane for all seeds: it starts bots and a PostgreSQL of its own."""
    async with a_lane(tmp_path_factory.mktemp("chaos")) as made:
        yield made


@pytest.mark.long
@pytest.mark.postgres
@pytest.mark.timeout(240)
@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("seed", SLICE)
async def test_nothing_runs_twice_is_lost_or_stays_stuck(lane: Lane, seed: int) -> None:
    """As `make chaos SEED=…` with the same seed."""
    result = await lane.run(plan_of(seed))
    assert result.troubles == []


@pytest.mark.parametrize("point", POINTS, ids=lambda point: str(point.name))
def test_a_point_is_a_function_of_the_bot(point: Point) -> None:
    """A point whose function was moved or renamed would strike nowhere."""
    owner = functools.reduce(getattr, point.attribute.split("."), importlib.import_module(point.module))
    assert inspect.iscoroutinefunction(owner)


def test_a_seed_is_one_plan() -> None:
    """Else a failing seed could not be played again."""
    assert [plan_of(seed) for seed in range(50)] == [plan_of(seed) for seed in range(50)]


def test_two_hundred_seeds_meet_everything() -> None:
    """Each engine with each kind of fault, often enough to mean something."""
    plans = [plan_of(seed) for seed in range(1, 201)]
    for engine in Engine:
        for kind in FaultKind:
            assert sum(any(f.kind is kind for f in p.faults) for p in plans if p.engine is engine) >= 15
    assert {p.replicas for p in plans} == {1, 2, 3}
