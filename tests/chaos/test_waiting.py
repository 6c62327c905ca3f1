"""kill -9 while people are reminded, while the next group is asked, while it ends unanswered: each is said once."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.chaos.lane import Lane, a_lane
from tests.chaos.plan import Deliveries, Engine, Fault, FaultKind, Plan, Story, Thread, Tool

WAITING = """
lines:
  - remind: [1s]
    escalate: [{after: 12s, to: sre-leads}]
    dm: never
"""
LIFETIME = 22.0
"""seconds until nobody's answer ends it. What is due at once is said once, so a bot is back long before the next"""
SAID = ("Still waiting for", "Nobody has decided for", "Nobody answered in time, so nothing was changed")
MOVES = (
    (Engine.SQLITE, "reminder said, not committed", 1),
    (Engine.SQLITE, "reminded", 2),
    (Engine.SQLITE, "expired, not committed", 1),
    (Engine.POSTGRES, "reminded", 1),
    (Engine.POSTGRES, "reminder said, not committed", 1),  # of two replicas either may say the second
    (Engine.POSTGRES, "expired", 1),
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lane(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Lane]:
    """One lane for all: it starts bots and a PostgreSQL of its own."""
    async with a_lane(tmp_path_factory.mktemp("waiting")) as made:
        yield made


@pytest.mark.long
@pytest.mark.postgres
@pytest.mark.timeout(240)
@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("engine", "point", "nth"), MOVES)
async def test_what_waits_is_said_once_whenever_its_bot_dies(lane: Lane, engine: Engine, point: str, nth: int) -> None:
    """One kill at the move; on PostgreSQL the other replica goes on."""
    plan = Plan(
        seed=0,
        engine=engine,
        replicas=1 if engine is Engine.SQLITE else 2,
        threads=(Thread(story=Story.EXPIRE, tool=Tool.CREDIT, amount=100, number=1, drops=True),),
        faults=(Fault(kind=FaultKind.KILL, point=point, nth=nth, amount=0),),
        deliveries=Deliveries(),
        restart_after=0.0,
    )
    result = await lane.run(plan, lifetime=LIFETIME, waiting=WAITING)
    assert result.troubles == []
    assert {text: sum(text in one for one in result.said) for text in SAID} == dict.fromkeys(SAID, 1)
    assert result.kills == 1
