"""Standing grants: exactly one call, for one person, a few times, for a while, in the name of who could approve it."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from bot.brains.base import Call
from bot.lifecycle.hooks import Hooks
from bot.orchestrator import granting
from bot.orchestrator.granting import Giving
from bot.orchestrator.requests import Answer, Said
from bot.orchestrator.show import Showroom
from policy.waiting import GrantBounds
from storage import audit, grants, intents, posts, proposals, tasks
from storage.grants import Grant
from storage.records import PostKind, Proposal, ProposalState, TaskState
from storage.tables import posts as posts_table
from tests.builders import TENANT
from tests.orchestrator.office import DONE, LEASE, Office, a_change
from tests.tools.asking import tamper
from tools.granting import subject_of
from tools.sealing import open_seal

TEXT = "set checkout to 7 or 8, or search to 7"
"""names every value, so that none of them counts as untrusted"""


async def give(office: Office, proposal: Proposal, who: str = "U0DANA", times: int = 5, minutes: int = 30) -> Answer:
    giving = Giving(tenant=TENANT, who=who, proposal=proposal.id[:12], times=times, minutes=minutes)
    return await granting.give(office.db, office.gateway, office.staff, giving)


async def standing(office: Office) -> list[Grant]:
    async with office.db.read() as tx:
        return await grants.standing(tx, TENANT)


async def granted(office: Office, times: int = 2) -> Grant:
    """A grant on a change that ran once and was put back."""
    done = await office.proposed(text=TEXT)
    await office.approve("U0DANA", done)
    await office.work()
    assert (await give(office, done, times=times)).said is Said.DONE
    office.lab.state["checkout"] = 1
    office.lab.effects.clear()
    [grant] = await standing(office)
    return grant


async def asked(
    office: Office, call: Call | None = None, who: str = "U0ANA", *, channel: str = "C0INC", before: int = 1
) -> Proposal:
    """Ask for a call, and work as long as there is work."""
    office.script = [[call or a_change()], DONE, DONE]
    office.lab.state["checkout"] = before
    asking = replace(office.request(who, text=TEXT, thread=f"{next(office.keys)}.0"), channel=channel)
    task = await office.desk.submit(asking)
    assert task is not None
    while await office.work():
        pass
    return await office.of(task)


async def test_one_press_gives_one_grant_however_often_it_arrives(office: Office) -> None:
    """Slack shows an error for a modal whose answer was slow, and people submit it again: five times stay five."""
    done = await office.proposed(text=TEXT)
    giving = Giving(tenant=TENANT, who="U0DANA", proposal=done.id, times=5, minutes=30, key="view:V1")
    answers = await asyncio.gather(*(granting.give(office.db, office.gateway, office.staff, giving) for _ in range(3)))
    assert [answer.said for answer in answers] == [Said.DONE] * 3 and len(await standing(office)) == 1
    again = replace(giving, key="view:V2")
    assert (await granting.give(office.db, office.gateway, office.staff, again)).said is Said.DONE
    assert len(await standing(office)) == 2


async def test_it_runs_without_asking_and_says_whose_grant_and_what_is_left(office: Office) -> None:
    grant = await granted(office)
    ran = await asked(office)
    assert ran.state is ProposalState.RAN and ran.grant_id == grant.id and len(office.lab.effects) == 1
    async with office.db.read() as tx:
        [intent] = [i for i in await intents.of_task(tx, TENANT, ran.task_id) if i.tool == "lab.set"]
        rows = await tx.run(posts_table.select().where(posts_table.c.kind == PostKind.NOTICE))
        said = [str(posts.record(row).body.get("text")) for row in rows]
        events = [e.event for e in await audit.entries(tx, TENANT)]
    assert intent.approved_by == ["U0DANA"]
    assert "Runs under <@U0DANA>'s grant, 1 of 2 left. Undo is on its card." in said
    assert "ops.grant.given" in events and "ops.agent_task.grant_used" in events
    assert (await office.undo("U0SAM", ran)).said is Said.DONE and await office.work()
    assert office.lab.state["checkout"] == 1


async def test_it_is_used_up(office: Office) -> None:
    await granted(office, times=2)
    states = [(await asked(office)).state for _ in range(3)]
    assert states == [ProposalState.RAN, ProposalState.RAN, ProposalState.OPEN]
    assert len(office.lab.effects) == 2 and await standing(office) == []


async def test_two_replicas_never_share_the_last_use(office: Office) -> None:
    """Both were approved while one use was left; one runs, the other asks people."""
    await granted(office, times=1)
    office.script = [[a_change()], DONE, DONE]
    first = await office.ask(text=TEXT, thread="7001.0")
    second = await office.ask(text=TEXT, thread="7002.0")
    claimed = [await office.claim("a"), await office.claim("b")]
    for name, task in zip("ab", claimed, strict=True):
        assert task is not None
        await office.worker(name)._work(Hooks(task, LEASE))
    both = [await office.of(first), await office.of(second)]
    assert [p.state for p in both] == [ProposalState.APPROVED] * 2
    await asyncio.gather(office.work("a"), office.work("b"))
    while await office.work():
        pass
    assert len(office.lab.effects) == 1
    assert sorted([(await office.of(t)).state for t in (first, second)]) == [ProposalState.OPEN, ProposalState.RAN]


async def test_a_worker_that_dies_after_it_began_counts_once(office: Office) -> None:
    grant = await granted(office, times=2)

    class Killed(BaseException):
        pass

    def dies(apply: Any) -> None:
        apply()
        raise Killed

    office.lab.troubles = [dies]
    with pytest.raises(Killed):
        await asked(office)
    async with office.db.write() as tx:
        await tasks.take_back(tx, only_expired=False)
    while await office.work():
        pass
    async with office.db.read() as tx:
        found = await grants.find(tx, TENANT, grant.id)
    assert found is not None and found.used == 1 and len(office.lab.effects) == 1


@pytest.mark.parametrize(
    "other",
    [a_change(8), a_change(7, "search"), a_change(7, tool="lab.put")],
    ids=["another value", "another target", "another tool"],
)
async def test_nothing_but_the_very_call_is_granted(office: Office, other: Call) -> None:
    await granted(office)
    assert (await asked(office, other)).state is ProposalState.OPEN and office.lab.effects == []


async def test_only_for_whom_it_was_given(office: Office) -> None:
    await granted(office)
    assert (await asked(office, who="U0SAM")).state is ProposalState.OPEN


async def test_only_where_those_who_gave_it_see_it(office: Office) -> None:
    """Not in another channel, nor in a direct message, where nobody would look."""
    await granted(office)
    assert (await asked(office, channel="D0ANA")).state is ProposalState.OPEN and office.lab.effects == []
    assert (await asked(office)).state is ProposalState.RAN


async def test_only_from_the_state_the_card_showed(office: Office) -> None:
    """ "1 to 7" was granted; from 100 to 7 is another change."""
    await granted(office)
    assert (await asked(office, before=100)).state is ProposalState.OPEN and office.lab.effects == []


async def test_only_for_the_agent_whose_card_it_was(office: Office) -> None:
    sealed = open_seal(await office.proposed(text=TEXT))
    assert subject_of(sealed) != subject_of(sealed.model_copy(update={"agent": "support"}))


async def test_a_wider_blast_radius_than_on_the_card_asks_people(office: Office) -> None:
    await granted(office)
    office.lab.users = 20
    assert (await asked(office)).state is ProposalState.OPEN


async def test_what_policy_forbids_stays_forbidden(office: Office) -> None:
    """A grant stands for a vote; it is no permit."""
    await granted(office)
    call = Call(call_id="c1", tool="lab.set", arguments={"thing": "checkout", "value": 7, "reason_code": "FUN"})
    office.script = [[call], DONE]
    task = await office.ask(text=TEXT, thread="7003.0")
    while await office.work():
        pass
    async with office.db.read() as tx:
        assert await proposals.of_task(tx, TENANT, task.id) == []
    assert office.lab.effects == []


async def test_a_giver_who_left_the_group_grants_nothing(office: Office) -> None:
    await granted(office)
    office.staff.groups["U0DANA"] = set()
    assert (await asked(office)).state is ProposalState.OPEN


async def test_a_giver_who_leaves_before_the_run_stops_it(office: Office) -> None:
    await granted(office)
    office.script = [[a_change()], DONE, DONE]
    task = await office.ask(text=TEXT, thread="7004.0")
    assert await office.work()
    office.staff.groups["U0DANA"] = set()
    while await office.work():
        pass
    assert (await office.of(task)).state is ProposalState.REFUSED and office.lab.effects == []


async def test_a_revoked_grant_runs_nothing_not_even_what_it_approved(office: Office) -> None:
    grant = await granted(office)
    office.script = [[a_change()], DONE, DONE]
    task = await office.ask(text=TEXT, thread="7005.0")
    assert await office.work() and (await office.of(task)).state is ProposalState.APPROVED
    assert (await granting.revoke(office.db, office.staff, TENANT, "U0SAM", grant.id)).said is Said.DONE
    while await office.work():
        pass
    assert (await office.of(task)).state is ProposalState.OPEN and office.lab.effects == []
    now = await office.task(await office.of(task))
    assert now.state is TaskState.NEEDS_APPROVAL


async def test_a_grant_whose_time_is_over_asks_people(office: Office) -> None:
    await granted(office)
    await tamper(office.db, "UPDATE grants SET expires_at = 1000.0")
    assert (await asked(office)).state is ProposalState.OPEN


@pytest.mark.parametrize("who", ["U0RILEY", "U0NOOR", "U0GONE", "U0ANA"])
async def test_who_could_not_approve_it_alone_cannot_grant_it(office: Office, who: str) -> None:
    """An outsider, another group, somebody gone, and whoever asked."""
    proposal = await office.proposed(text=TEXT)
    assert (await give(office, proposal, who)).said is Said.REFUSED and await standing(office) == []


async def test_what_takes_several_people_is_not_granted_by_one(office: Office) -> None:
    office.lab.users = 40
    proposal = await office.proposed(text=TEXT)
    assert (await give(office, proposal, "U0SAM")).said is Said.REFUSED


async def test_what_cannot_be_undone_is_never_granted(office: Office) -> None:
    """Hard-coded, whatever the rules say: the seal's own tier decides."""
    proposal = await asked(office, Call(call_id="d", tool="lab.drop", arguments={"reason_code": "INCIDENT"}))
    answer = await give(office, proposal, "U0SAM")
    assert answer.said is Said.REFUSED and "approved each time" in answer.message


@pytest.mark.parametrize(("times", "minutes"), [(6, 30), (5, 31), (0, 30), (1, 0)])
async def test_a_grant_is_short_and_small(office: Office, times: int, minutes: int) -> None:
    assert (await give(office, await office.proposed(text=TEXT), times=times, minutes=minutes)).said is Said.REFUSED


@pytest.mark.parametrize("who", ["U0RILEY", "U0NOOR"])
async def test_an_outsider_cannot_revoke(office: Office, who: str) -> None:
    grant = await granted(office)
    assert (await granting.revoke(office.db, office.staff, TENANT, who, grant.id)).said is Said.REFUSED
    assert [g.id for g in await standing(office)] == [grant.id]


async def test_the_grants_of_another_tenant_are_not_seen(office: Office) -> None:
    grant = await granted(office)
    assert (await granting.revoke(office.db, office.staff, "T0OTHER", "U0DANA", grant.id)).said is Said.STALE
    async with office.db.read() as tx:
        assert await grants.standing(tx, "T0OTHER") == []


async def test_operators_say_how_much_one_grant_may_be_for(office: Office) -> None:
    """Within hard limits; nothing at all is one of the choices."""
    proposal = await office.proposed(text=TEXT)
    giving = Giving(tenant=TENANT, who="U0DANA", proposal=proposal.id[:12], times=6, minutes=60)

    async def given(**bounds: int) -> str:
        waiting = office.gateway.rules.waiting.model_copy(update={"grants": GrantBounds(**bounds)})
        office.gateway.rules = replace(office.gateway.rules, waiting=waiting)
        return (await granting.give(office.db, office.gateway, office.staff, giving)).message

    assert "at most 5 times and 30 minutes" in await given()
    assert "are not given here" in await given(times=0)
    assert "at most 20 times and 59 minutes" in await given(times=20, minutes=59)
    assert "granted" in await given(times=6, minutes=60)
    for too_much in ({"minutes": 241}, {"times": 21}):
        with pytest.raises(ValidationError):
            GrantBounds(**too_much)


async def test_a_card_offers_a_grant_only_where_one_could_stand(office: Office) -> None:
    """What cannot be undone, and what a person edited, is approved each time; the menu does not pretend otherwise."""
    showroom = Showroom(office.db, office.gateway, office.staff, lambda hashed: hashed)
    tame = await office.proposed(text=TEXT)
    grave = await asked(office, Call(call_id="d", tool="lab.drop", arguments={"reason_code": "INCIDENT"}))
    offered = [(await showroom.approval(TENANT, one.id)).grants.any for one in (tame, grave)]
    assert offered == [True, False]
