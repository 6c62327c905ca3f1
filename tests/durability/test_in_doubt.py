"""A call that must not run twice, and a bot that dies in it: verify says what happened, or a person does."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot.demo.run import MANIFEST
from storage.records import IntentState, ProposalState, TaskState
from tests.durability.bench import DANA, SAM, Bench, a_bench
from tests.durability.bots import Nursery
from tests.durability.points import FLAG
from tests.durability.reading import Stored, chain_holds, settled, stored
from tests.scenarios.world import action_ids, everything

pytestmark = [pytest.mark.long, pytest.mark.asyncio(loop_scope="module")]
TOOLS = MANIFEST.parent / "tools" / "manifests"
DOUBT = {"proposal.it_happened", "proposal.run_it", "proposal.drop_it"}


def _manifest(home: Path, *, verify: bool) -> Path:
    """The shop's manifest, with a set_flag that nobody may run twice."""
    text = (TOOLS / "shop.yaml").read_text()
    start = text.index("  - name: shop.set_flag\n")
    end = text.index("\n  - name: ", start)
    tool = text[start:end].replace("idempotent: true", "idempotent: false")
    if not verify:
        tool = tool[: tool.index("      verify:\n")]
    (home / "shop.openapi.json").write_bytes((TOOLS / "shop.openapi.json").read_bytes())
    path = home / f"shop-{verify}.yaml"
    path.write_text(text[:start] + tool + text[end:])
    return path


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bench(nursery: Nursery, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bench]:
    """A bench with one bot whose set_flag can be checked afterwards."""
    home = tmp_path_factory.mktemp("doubt")
    url = f"sqlite:///{home / 'autopilot.db'}"
    async with a_bench(home, nursery, url, AUTOPILOT_MANIFESTS=str(_manifest(home, verify=True))) as made:
        await made.start_bot()
        yield made


async def _killed_in_the_write(bench: Bench, *, after: bool, **environment: str) -> str:
    """The thread of a task whose bot died in the approved call; another bot runs now."""
    bench.break_checkout()
    hold = bench.hold(f"write {FLAG}", after=after)
    thread = await bench.ask()
    await bench.approve(thread)
    await bench.reached(hold)
    [bot] = bench.bots
    await bench.kill(bot)
    hold.end()
    await bench.start_bot(**environment)
    return thread


async def _end(bench: Bench, thread: str) -> Stored:
    async with bench.database() as db:
        await settled(bench, db)
        await chain_holds(db)
        return await stored(db, thread)


async def _doubt(bench: Bench, thread: str) -> None:
    """The card asks people, and nothing goes on by itself."""
    card = await bench.button(thread, "proposal.it_happened", says="Not known whether it happened")
    assert action_ids(card) >= DOUBT
    end = await _end(bench, thread)
    assert end.task.state is TaskState.ESCALATED_TO_HUMAN
    assert [p.state for p in end.proposals] == [ProposalState.IN_DOUBT]
    assert [i.state for i in end.writes] == [IntentState.IN_DOUBT]


def _writes(bench: Bench) -> int:
    return bench.shop_gate.passed.count(f"write {FLAG}")


async def test_a_change_that_is_seen_to_have_happened_goes_on_without_people(bench: Bench) -> None:
    """Killed after the effect: verify says yes, and the call is not made again."""
    async with bench.starting_over_on_failure():
        effects, writes = len(bench.shop.world.effects.applied), _writes(bench)
        hold = bench.hold(f"GET {FLAG}")
        thread = await _killed_in_the_write(bench, after=True)
        await bench.reached(hold)
        bench.shop_clock.forward(10)  # long enough for the flag to serve nobody
        hold.let_pass()
        await bench.see(thread, lambda: any("Not checked" in everything(m) for m in bench.ours(thread)), "answer")
        end = await _end(bench, thread)
        assert end.task.state is TaskState.COMPLETED
        assert [(p.state, p.verified) for p in end.proposals] == [(ProposalState.RAN, "yes")]
        assert (len(bench.shop.world.effects.applied) - effects, _writes(bench) - writes) == (1, 1)


async def test_run_it_makes_a_new_proposal_that_people_approve(bench: Bench) -> None:
    """Killed before the effect: a person says it did not happen, another approves, and it runs once."""
    async with bench.starting_over_on_failure():
        effects = len(bench.shop.world.effects.applied)
        thread = await _killed_in_the_write(bench, after=False)
        await _doubt(bench, thread)
        assert len(bench.shop.world.effects.applied) == effects
        await bench.press(thread, DANA, "proposal.run_it", until="proposal.approve")
        await bench.button(thread, "proposal.approve")
        await bench.press(thread, SAM, "proposal.approve", until="Done and verified")
        await bench.see(thread, lambda: any("Not checked" in everything(m) for m in bench.ours(thread)), "answer")
        end = await _end(bench, thread)
        assert end.task.state is TaskState.COMPLETED
        assert [p.state for p in end.proposals] == [ProposalState.SUPERSEDED, ProposalState.RAN]
        assert len(bench.shop.world.effects.applied) - effects == 1


async def test_drop_it_leaves_everything_as_it_is(bench: Bench) -> None:
    """Killed before the effect: a person says to leave it; nothing ran, and the bot says so."""
    async with bench.starting_over_on_failure():
        effects, writes = len(bench.shop.world.effects.applied), _writes(bench)
        thread = await _killed_in_the_write(bench, after=False)
        await _doubt(bench, thread)
        await bench.press(thread, DANA, "proposal.drop_it", until="Not changed")
        await bench.see(thread, lambda: any("Not changed" in everything(m) for m in bench.ours(thread)), "answer")
        end = await _end(bench, thread)
        assert end.task.state is TaskState.COMPLETED
        assert [p.state for p in end.proposals] == [ProposalState.FAILED]
        assert [i.state for i in end.writes] == [IntentState.DROPPED]
        assert (len(bench.shop.world.effects.applied) - effects, _writes(bench) - writes) == (0, 1)


async def test_it_happened_goes_on_without_a_second_run(bench: Bench, tmp_path: Path) -> None:
    """Killed after the effect of a tool without a check: a person looks, says it happened, and the bot goes on."""
    async with bench.starting_over_on_failure():
        effects, writes = len(bench.shop.world.effects.applied), _writes(bench)
        thread = await _killed_in_the_write(
            bench, after=True, AUTOPILOT_MANIFESTS=str(_manifest(tmp_path, verify=False))
        )
        await _doubt(bench, thread)
        await bench.press(thread, DANA, "proposal.it_happened", until="Not checked")
        await bench.see(thread, lambda: any("Not checked" in everything(m) for m in bench.ours(thread)), "answer")
        end = await _end(bench, thread)
        assert end.task.state is TaskState.COMPLETED
        assert [p.state for p in end.proposals] == [ProposalState.RAN]
        assert (len(bench.shop.world.effects.applied) - effects, _writes(bench) - writes) == (1, 1)
