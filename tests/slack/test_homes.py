"""Open Homes: published when something was recorded, once for all replicas, and never left behind."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from bot.orchestrator.views import AgentLine, HomeView
from bot.slack.homes import Homes
from bot.slack.workspaces import OneWorkspace, Workspace
from storage import audit, homes
from storage.db import Database
from storage.homes import Look
from tests.builders import TENANT


class Slack:
    """Counts what is published; can refuse, and can let something happen in the middle of a call."""

    def __init__(self) -> None:
        self.published: Counter[str] = Counter()
        self.refuse = False
        self.meanwhile: Any = None

    async def views_publish(self, *, user_id: str, view: object) -> None:
        if self.refuse:
            raise RuntimeError("no answer")
        self.published[user_id] += 1
        if self.meanwhile is not None:
            happen, self.meanwhile = self.meanwhile, None
            await happen()


class Desk:
    """What a Home shows: a number that the test changes."""

    def __init__(self, db: Database) -> None:
        self.db, self.slack, self.brain = db, Slack(), "one"
        self.looks: list[Look] = []

    async def draw(self, tenant: str, person: str, look: Look) -> HomeView:
        self.looks.append(look)
        return HomeView(connected=True, agents=(AgentLine(name="a", brain=self.brain, data_policy=""),))

    def replica(self) -> Homes:
        slack: Any = self.slack
        one = OneWorkspace(workspace=Workspace(tenant=TENANT, bot_user="U0PILOT"), one=slack, stream=slack)
        return Homes(db=self.db, workspaces=one, draw=self.draw)

    async def changes(self, brain: str) -> None:
        self.brain = brain
        async with self.db.write() as tx:
            await audit.append(tx, TENANT, "ops.test.changed", body={})

    async def open(self, *people: str) -> None:
        for person in people:
            async with self.db.write() as tx:
                await homes.opened(tx, TENANT, person)


async def test_a_home_is_published_when_opened_and_when_what_it_shows_changes(db: Database) -> None:
    """An entry that changes nothing for this person costs no call, and neither does waiting."""
    desk = Desk(db)
    await desk.open("U1")
    assert [await desk.replica().once() for _ in range(3)] == [1, 0, 0]
    await desk.changes("one")
    assert [await desk.replica().once() for _ in range(2)] == [1, 0]
    assert desk.slack.published == {"U1": 1}
    await desk.changes("two")
    await desk.replica().once()
    assert desk.slack.published == {"U1": 2}
    await desk.open("U1")
    await desk.replica().once()
    assert desk.slack.published == {"U1": 3}


async def test_each_change_is_published_by_one_replica(db: Database) -> None:
    desk = Desk(db)
    people = [f"U{n}" for n in range(6)]
    await desk.open(*people)
    for number in range(5):
        await desk.changes(f"brain {number}")
        await asyncio.gather(*(desk.replica().once() for _ in range(4)))
    assert desk.slack.published == dict.fromkeys(people, 5)


async def test_all_homes_follow_however_much_happens_and_who_opens_one_is_first(db: Database) -> None:
    """Twelve are open, eight are published at once, and something happens before each round."""
    desk = Desk(db)
    people = [f"U{n:02}" for n in range(12)]
    await desk.open(*people)
    replica = desk.replica()
    for number in range(6):
        await desk.changes(f"brain {number}")
        await replica.once()
    assert min(desk.slack.published[person] for person in people) >= 3  # every other time at least
    await desk.changes("last")
    before = desk.slack.published["U11"]
    await desk.open("U11")
    await replica.once()
    assert desk.slack.published["U11"] == before + 1


async def test_what_happens_during_a_publication_is_not_lost(db: Database) -> None:
    """A change, a new card's address, and somebody who opens Home again, each while it is being sent."""
    desk = Desk(db)

    async def posted() -> None:
        desk.brain = "posted"
        async with db.write() as tx:
            await homes.outdated(tx, TENANT)

    await desk.open("U1")
    for meanwhile in (lambda: desk.changes("later"), posted, posted, lambda: desk.open("U1")):
        desk.slack.meanwhile = meanwhile
        await desk.changes(f"before {meanwhile}")
        before = desk.slack.published["U1"]
        while await desk.replica().once():
            pass
        assert desk.slack.published["U1"] == before + 2, meanwhile


async def test_one_home_that_cannot_be_published_keeps_nobody_waiting(db: Database) -> None:
    """It is tried again by whoever comes after its lease."""
    desk = Desk(db)
    await desk.open("U1")
    desk.slack.refuse = True
    assert await desk.replica().once() == 1
    desk.slack.refuse = False
    await desk.open("U2")
    assert await desk.replica().once() == 1 and desk.slack.published == {"U2": 1}
    await desk.open("U1")
    assert await desk.replica().once() == 0  # still leased
    async with db.write() as tx:
        await tx.run(sa.text("update homes set lease_until = 0"))
    assert await desk.replica().once() == 1 and desk.slack.published["U1"] == 1


async def test_a_home_that_slack_is_slow_with_holds_up_no_other_and_the_newest_stays(db: Database) -> None:
    """A change during a slow publication is published after it, never before."""
    desk, slow, order = Desk(db), asyncio.Event(), []
    real = desk.slack.views_publish

    async def publish(*, user_id: str, view: object) -> None:
        if user_id == "U1" and not slow.is_set():
            await slow.wait()
        order.append((user_id, "two" in str(view)))
        await real(user_id=user_id, view=view)

    desk.slack.views_publish = publish  # type: ignore[method-assign]
    await desk.open("U1", "U2")
    replica = desk.replica()
    running = asyncio.create_task(replica.run())
    try:
        await _until(lambda: order == [("U2", False)])
        await desk.changes("two")
        async with db.write() as tx:
            await tx.run(sa.text("update homes set lease_until = 0 where person = 'U1'"))
        await _until(lambda: ("U2", True) in order)
        slow.set()
        await _until(lambda: ("U1", True) in order)
        assert [new for person, new in order if person == "U1"] in ([False, True], [True])
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def _until(so: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while True:
            if so():
                return
            await asyncio.sleep(0.01)


async def test_what_a_person_chose_to_see_is_remembered(db: Database) -> None:
    """A page belongs to its list; another area begins at the first pages."""
    desk = Desk(db)
    await desk.open("U1")
    replica = desk.replica()
    for choice in ({"page": ("recent", 2)}, {"page": ("open", 1)}, {"area": "safety"}):
        async with db.write() as tx:
            await homes.turn(tx, TENANT, "U1", **choice)
        assert await replica.once() == 1
    assert desk.looks == [
        Look(pages={"recent": 2}),
        Look(pages={"recent": 2, "open": 1}),
        Look(area="safety"),
    ]
