"""The story of a broken checkout, played to its end, and what must be so afterwards whatever died on the way."""

import asyncio

from storage.records import IntentState, ProposalState, StepKind, TaskState
from tests.durability.bench import Bench
from tests.durability.points import Point
from tests.durability.reading import Stored, chain_holds, settled, stored, thread_tells
from tests.scenarios.world import everything

ANSWER = "Not checked: why the code behind"
TOGETHER = "as you asked; the limit ends by itself"
TITLES = {
    "shop.error_rate": "Checked error rates of checkout",
    "shop.flag_history": "Looked up flag changes of the last 120 min",
    "shop.deploys": "Looked up releases of checkout",
    "shop.search_logs": "Searched the logs of checkout",
    "shop.set_flag": "Turn feature flag new-checkout off in prod",
}
"""how the thread names a finished call"""


async def killed_in_plan_at(bench: Bench, point: Point) -> None:
    """Two changes in one plan: wherever the bot dies, both are made once, in their order."""
    await bench.begin_story()
    bench.break_checkout()
    before = len(bench.shop.world.effects.applied)
    bench.next_approver()
    hold = bench.hold(point.name, nth=point.nth, after=point.after)

    async def killer() -> None:
        await bench.reached(hold)
        [bot] = bench.bots
        await bench.kill(bot)
        hold.end()
        await bench.start_bot()

    async def people() -> str:
        thread = await bench.ask("checkout is failing, turn off what breaks it and limit the retries")
        await bench.approve(thread)
        return thread

    _, thread = await asyncio.gather(killer(), people())
    await bench.see(thread, lambda: any(TOGETHER in everything(m) for m in bench.ours(thread)), "answer")
    async with bench.database() as db:
        await settled(bench, db)
        end = await stored(db, thread)
        await chain_holds(db)
    assert [e.operation for e in bench.shop.world.effects.applied[before:]] == ["setFlag", "setThrottle"]
    assert len(bench.cards(thread)) == 1 and end.task.state is TaskState.COMPLETED
    assert {p.state for p in end.proposals} == {ProposalState.RAN} and len(end.proposals) == 3
    assert [(i.tool, i.state) for i in end.writes] == [
        ("shop.set_flag", IntentState.RAN),
        ("shop.set_throttle", IntentState.RAN),
    ]


async def killed_at(bench: Bench, point: Point) -> None:
    """Play the story, kill the bot at this point, start it again, and check the end."""
    await bench.begin_story()
    bench.break_checkout()
    before = len(bench.shop.world.effects.applied)
    approver = bench.next_approver()
    hold = bench.hold(point.name.format(approver=approver), nth=point.nth, after=point.after)

    async def killer() -> None:
        await bench.reached(hold)
        [bot] = bench.bots
        await bench.kill(bot)
        hold.end()
        await bench.start_bot()

    async def people() -> str:
        thread = await bench.ask()
        await bench.approve(thread)
        return thread

    _, thread = await asyncio.gather(killer(), people())
    await ended_well(bench, thread, effects_before=before)


async def ended_well(bench: Bench, thread: str, *, effects_before: int) -> Stored:
    """The change was made once, by one approved call, and the thread tells it once."""
    await bench.see(thread, lambda: any(ANSWER in everything(m) for m in bench.ours(thread)), "answer")
    async with bench.database() as db:
        await settled(bench, db)
        end = await stored(db, thread)
        await chain_holds(db)
    assert [e.operation for e in bench.shop.world.effects.applied[effects_before:]] == ["setFlag"]
    assert len(bench.cards(thread)) == 1
    assert end.task.state is TaskState.COMPLETED
    [proposal] = end.proposals
    assert (proposal.state, proposal.verified) == (ProposalState.RAN, "yes")
    assert end.votes == [(bench.approver, True)]
    assert [(i.state, i.approved_by) for i in end.writes] == [(IntentState.RAN, [bench.approver])]
    told = [m for m in bench.ours(thread) if m not in bench.cards(thread)]
    thread_tells(told, end.steps, [TITLES[str(s.body["tool"])] for s in end.steps if s.kind is StepKind.RESULT])
    return end
