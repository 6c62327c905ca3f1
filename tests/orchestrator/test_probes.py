"""After a change its check is asked for the tool's watch time; when it fails, Undo is pressed or people are told."""

import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.orchestrator.requests import Said
from bot.orchestrator.views import CardState
from policy import loader
from policy.autonomy import AutonomyTable
from policy.cedar import DEFAULT_RULES, PolicyEngine
from storage import posts as records
from storage import proposals
from storage.clock import now
from storage.records import PostKind, Proposal, ProposalState, TaskState
from storage.tables import posts, tasks
from tests.builders import TENANT
from tests.orchestrator.office import Office
from tests.orchestrator.planned import planned, view_of
from tests.tools.asking import bodies
from tests.tools.conftest import GROUPS
from tools.sealing import open_seal


def nothing_happens(_apply: Any) -> None:
    """The far end says yes and does nothing."""


def with_manifest(office: Office, **manifest: Any) -> None:
    """The office anew, with lab.set declared so."""
    office.lab.registry = partial(type(office.lab).registry, office.lab, **manifest)  # type: ignore[method-assign]
    office.__post_init__()


async def approved(office: Office) -> Proposal:
    proposal = await office.proposed()
    await office.approve("U0DANA", proposal)
    return proposal


async def make_due(office: Office) -> None:
    async with office.db.write() as tx:
        await tx.run(tasks.update().values(due_at=now()))


async def told(office: Office) -> str:
    async with office.db.read() as tx:
        rows = await tx.run(sa.select(posts.c.body).where(posts.c.kind == "notice"))
    return " ".join(str(row.body.get("text")) for row in rows)


async def test_nobody_waits_for_a_slow_change_and_another_worker_goes_on(office: Office) -> None:
    """Between two looks the task has no owner; after a restart the watch goes on, and the call does not run again."""
    with_manifest(office, watch_seconds=3600.0)
    office.lab.troubles = [nothing_happens]
    proposal = await approved(office)
    assert await office.work("first")
    task = await office.task(proposal)
    assert (task.state, task.owner, task.attempt) == (TaskState.EXECUTING, None, 0)
    assert (await office.again(proposal)).state is ProposalState.RAN and not await office.results(proposal)
    for _ in range(12):
        await make_due(office)
        assert await office.work("second")
    assert (await office.task(proposal)).state is TaskState.EXECUTING
    office.lab.state["checkout"] = 7
    await make_due(office)
    assert await office.work("third")
    assert (await office.again(proposal)).verified == "yes"
    assert (await office.task(proposal)).state is TaskState.COMPLETED
    assert office.lab.seen.count("run lab.set") == 1 and "did not take" not in await told(office)


async def test_people_are_told_of_a_failed_check(office: Office) -> None:
    """By default nothing is undone by itself."""
    office.lab.troubles = [nothing_happens]
    proposal = await approved(office)
    await office.work()
    assert "says it did not take: checkout is 1. Undo is on its card." in await told(office)
    done = await office.again(proposal)
    assert (done.verified, done.undone_by) == ("no", None)
    assert [b["undo"] for b in await bodies(office.db, "check_failed")] == [""]


async def test_a_failed_check_presses_undo_where_the_manifest_says_so(office: Office) -> None:
    """In the name of who approved, who saw it on the card; once; through the same door as any undo."""
    with_manifest(office, on_failed_check="undo")
    proposal = await office.proposed()
    undo = open_seal(proposal).undo
    assert undo is not None and undo.by_check
    office.lab.troubles = [lambda _apply: office.lab.state.update(checkout=3)]
    await office.approve("U0DANA", proposal)
    await office.work()
    done = await office.again(proposal)
    assert done.undone_by is not None
    assert "It is being undone, in the name of <@U0DANA>" in await told(office)
    while await office.work():
        pass
    assert office.lab.state["checkout"] == 1
    async with office.db.read() as tx:
        inverse = await proposals.get(tx, TENANT, done.undone_by)
        [vote] = await proposals.votes_on(tx, TENANT, inverse.id)
    assert inverse.state is ProposalState.RAN
    assert (vote.voter, vote.reason) == ("U0DANA", "the check after the run failed")
    assert [b["why"] for b in await bodies(office.db, "created") if b.get("source") == "undo"] == [vote.reason]


async def test_who_may_not_undo_any_more_does_not(office: Office) -> None:
    """Dana left the group between her approval and the check: people are told instead."""
    with_manifest(office, on_failed_check="undo", watch_seconds=3600.0)
    office.lab.troubles = [nothing_happens]
    proposal = await approved(office)
    await office.work()
    office.staff.groups["U0DANA"] = set()
    with_manifest(office, on_failed_check="undo", watch_seconds=0.0)
    await make_due(office)
    await office.work()
    assert (await office.again(proposal)).undone_by is None
    assert "could not be undone by itself" in await told(office)


async def test_what_cannot_be_told_is_no_failure(office: Office) -> None:
    with_manifest(office, on_failed_check="undo")
    office.lab.check_works = False
    proposal = await approved(office)
    await office.work()
    done = await office.again(proposal)
    assert (done.verified, done.undone_by) == ("unknown", None)
    assert "did not take" not in await told(office)


async def test_a_card_promises_only_an_undo_that_was_previewed(office: Office) -> None:
    """Break the look at the target after the first one: the rehearsal fails, and no undo is sealed."""
    looks = 0
    first = office.lab._look

    async def look(args: Any, ctx: Any) -> Any:
        nonlocal looks
        looks += 1
        if looks == 2:
            raise RuntimeError("the target cannot be looked at")
        return await first(args, ctx)

    office.lab._look = look  # type: ignore[method-assign, assignment]
    office.__post_init__()
    proposal = await office.proposed()
    assert open_seal(proposal).undo is None and looks == 2
    office.lab._look = first  # type: ignore[method-assign]
    office.__post_init__()
    whole = open_seal(await office.proposed()).undo
    assert whole is not None and whole.rehearsed_at > 0 and whole.objects == 1


@pytest.mark.parametrize("how", ["level 0", "a rule of one's own"])
async def test_policy_has_a_say_of_its_own_whether_a_check_presses_undo(
    office: Office, tmp_path: Path, how: str
) -> None:
    """Approved as it was; what a person may press, nobody presses by itself where policy says so."""
    with_manifest(office, on_failed_check="undo", watch_seconds=3600.0)
    office.lab.troubles = [nothing_happens]
    proposal = await approved(office)
    await office.work()
    if how == "level 0":
        office.gateway.rules = replace(office.rules, autonomy=AutonomyTable(default=0))
    else:
        folder = shutil.copytree(DEFAULT_RULES, tmp_path / "rules")
        rule = '\n@id("people-press") @hint("people press") forbid (principal, action in Action::"WRITE", resource)'
        with (folder / "undo.cedar").open("a") as file:
            file.write(f"{rule} when {{ context.call.by_check }};\n")
        actions = office.gateway.registry.actions()
        office.gateway.rules = replace(office.rules, engine=PolicyEngine(loader.load(folder, actions, GROUPS), actions))
    rules = office.gateway.rules
    with_manifest(office, on_failed_check="undo", watch_seconds=0.0)
    office.gateway.rules = rules
    await make_due(office)
    await office.work()
    assert (await office.again(proposal)).undone_by is None
    assert "It could not be undone by itself (policy does not allow the undo" in await told(office)
    assert (await office.undo("U0DANA", proposal)).said is Said.DONE, "a person still may"


async def test_a_failed_check_in_a_plan_undoes_that_call_and_the_card_shows_it(office: Office) -> None:
    """What ran before it stands and stays for people to undo; what comes after it does not run."""
    with_manifest(office, on_failed_check="undo")
    office.lab.troubles = [lambda apply: apply(), lambda _apply: office.lab.state.update(search=3)]
    plan, _calls = await planned(office)
    await office.approve("U0DANA", plan)
    before = await _wanted(office, plan)
    while await office.work():
        pass
    assert office.lab.state["search"] == 1 and office.lab.state["checkout"] == 7
    view = await view_of(office, await office.again(plan))
    assert [call.state for call in view.calls] == [CardState.VERIFIED, CardState.UNDONE, CardState.CANCELLED]
    assert view.state is CardState.FAILED and view.undo_until is not None
    assert await _wanted(office, plan) > before, "the plan's card is drawn again"
    assert "It is being undone, in the name of <@U0DANA>" in await told(office)
    assert (await office.undo("U0SAM", plan)).said is Said.DONE and await office.work()
    assert office.lab.state["checkout"] == 1 and office.lab.state["search"] == 1


async def _wanted(office: Office, plan: Proposal) -> int:
    async with office.db.read() as tx:
        [card] = [post for post in await records.showing(tx, TENANT, plan.id) if post.kind is PostKind.CARD]
    return card.wanted
