"""Waiting proposals: asked again once, the next group in turn, nobody at night, nobody after the end."""

import asyncio
import datetime as dt
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from bot.orchestrator import sweeps
from bot.orchestrator.reminding import Reminding
from bot.orchestrator.requests import Said
from policy.waiting import WaitingTable
from storage.db import Database
from storage.records import PostKind, Proposal, ProposalState, TaskState
from storage.row_security import EVERYTHING
from storage.tables import posts, reminders
from tests.builders import TENANT
from tests.orchestrator.late import make_late
from tests.orchestrator.office import DONE, Office, a_change
from tests.tools.asking import bodies, tamper

NOW = "0.001s"


def plan(office: Office, *, quiet: Any = (), **line: Any) -> None:
    """The office's only line of waiting.yaml from now on."""
    waiting = WaitingTable.model_validate({"lines": [line], "quiet": quiet})
    office.gateway.rules = replace(office.gateway.rules, waiting=waiting)


def round_(office: Office, db: Database | None = None) -> Reminding:
    return Reminding(db=db or office.db, gateway=office.gateway, people=office.staff)


async def said(office: Office, kind: PostKind = PostKind.NOTICE) -> Counter[str]:
    """How often what goes where: "C0INC: words", and a person's card as "U0DANA: why"."""
    async with office.db.read() as tx:
        rows = (await tx.run(sa.select(posts).where(posts.c.kind == kind))).all()
    return Counter(f"{row.channel}: {row.body.get('text') or row.body.get('asked')}" for row in rows)


async def cards(office: Office) -> list[str]:
    """Who has the card in a direct message."""
    return sorted(one.split(":")[0] for one in await said(office, PostKind.CARD) if one.startswith("U"))


async def open_rows(office: Office) -> list[float]:
    async with office.db.read() as tx:
        rows = (await tx.run(sa.select(reminders.c.due_at).where(reminders.c.done_at.is_(None)))).all()
    return [row.due_at for row in rows]


async def test_who_still_may_approve_is_asked_again_in_the_thread_and_directly(office: Office) -> None:
    """Not the requester, not who has voted, not who may not."""
    plan(office, remind=[NOW])
    office.lab.users = 40  # one of operators and two of sre
    proposal = await office.proposed()
    await office.approve("U0SAM", proposal)
    assert await round_(office).once() == 1
    [thread] = [one for one in await said(office) if one.startswith("C0INC")]
    assert "Still waiting for" in thread and "of @sre" in thread and "left" in thread
    assert "U0SAM" not in thread and "U0ANA" not in thread and "U0NOOR" in thread
    assert set(await cards(office)) <= {"U0DANA", "U0NOOR"} and "U0NOOR" in await cards(office)
    assert await round_(office).once() == 0


async def test_the_one_who_is_missing_is_named_wherever_the_others_are_seated(office: Office) -> None:
    """Two leads have approved "2 of leads"; the third approval can only come from the other group."""
    office.staff.groups = {
        "U0ANA": {"operators"},
        "U0DANA": {"sre", "sre-leads"},
        "U0SAM": {"sre", "sre-leads"},
        "U0NOOR": {"sre"},
    }
    office.script[:] = [[a_change(tool="lab.drop")], DONE]
    office.script[0][0].arguments.pop("value")  # type: ignore[union-attr]
    plan(office, remind=[NOW])
    proposal = await office.proposed()
    for who in ("U0DANA", "U0SAM"):
        assert "still needs" in (await office.approve(who, proposal)).message
    assert (await office.approve("U0SAM", proposal)).message.endswith("still needs 1 of @sre")
    await round_(office).once()
    assert await cards(office) == ["U0NOOR"]
    assert any("Still waiting for 1 of @sre: <@U0NOOR>" in one for one in await said(office))


async def test_two_replicas_remind_once(office: Office) -> None:
    """Two databases' worth of replicas at the same rows, many times over."""
    plan(office, remind=[NOW, "0.002s"], escalate=[{"after": "0.003s", "to": "sre"}])
    other = Database(office.db.url.render_as_string(hide_password=False), sees=EVERYTHING)
    try:
        for _ in range(6):
            await office.proposed()
            await asyncio.gather(*(round_(office, db).once() for db in (office.db, other, office.db, other)))
    finally:
        await other.close()
    heard = await bodies(office.db, "reminded") + await bodies(office.db, "asked_next")
    seen = Counter((one["proposal"], one["audience"], one["step"]) for one in heard)
    assert set(seen.values()) == {1} and len({one["proposal"] for one in heard}) == 6
    assert set((await said(office)).values()) <= {1, 6}  # the same words in six threads
    async with office.db.read() as tx:
        twice = await tx.run(
            sa.select(posts.c.subject, posts.c.channel)
            .group_by(posts.c.subject, posts.c.channel)
            .having((sa.func.count() > 1) | (sa.func.max(posts.c.wanted) > 1))
            .where(posts.c.kind == PostKind.NOTICE)
        )
        assert twice.all() == []
    assert await open_rows(office) == []


async def test_a_replica_that_dies_in_the_middle_leaves_it_whole_for_another(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Booked and said in one transaction: neither said and forgotten, nor booked and silent."""
    plan(office, remind=[NOW])
    await office.proposed()

    async def dies(*_: object) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as patched, pytest.raises(asyncio.CancelledError):
        patched.setattr("bot.orchestrator.reminding.note", dies)
        await round_(office).once()
    assert await said(office) == Counter() and await cards(office) == []
    assert await round_(office).once() == 1
    assert sum((await said(office)).values()) == 1 and await cards(office) == ["U0DANA", "U0SAM"]


@pytest.mark.parametrize("end", ["approve", "reject", "edit", "stop", "late"])
async def test_nobody_is_asked_after_the_end(office: Office, end: str) -> None:
    plan(office, remind=[NOW])
    proposal = await office.proposed()
    match end:
        case "approve":
            await office.approve("U0DANA", proposal)
        case "reject":
            await office.reject("U0DANA", proposal, "no")
        case "edit":
            await office.edit("U0DANA", proposal, value=9)
        case "stop":
            await office.desk.stop(TENANT, proposal.task_id, "U0ANA")
        case _:
            late = await make_late(office, proposal)
            await tamper(office.db, "update reminders set proposal_id = :new", new=late.id)
    await round_(office).once()
    assert await bodies(office.db, "reminded") == [] and await open_rows(office) == []
    assert await cards(office) == []


def _window(office: Office, **where: str) -> dict[str, str]:
    """Quiet hours around this moment."""
    now = dt.datetime.now(dt.UTC)
    begins, ends = now - dt.timedelta(hours=2), now + dt.timedelta(hours=2)
    return {"from": f"{begins:%H:%M}", "to": f"{ends:%H:%M}", "tz": "UTC", **where}


async def test_in_quiet_hours_nobody_is_asked_and_at_their_end_once(office: Office) -> None:
    """The group sleeps, the thread does not; two reminders and an escalation come as one sentence in the morning."""
    plan(
        office,
        quiet=[_window(office, group="operators")],
        remind=[NOW, "0.002s"],
        escalate=[{"after": "0.003s", "to": "sre"}],
    )
    await office.proposed()
    await round_(office).once()
    thread = [one for one in await said(office) if one.startswith("C0INC")]
    assert len(thread) == 1 and "@sre is asked now" in thread[0] and "U0DANA" not in thread[0]
    assert await cards(office) == ["U0NOOR", "U0SAM"]
    waiting = await open_rows(office)
    assert len(waiting) == 2 and min(waiting) - dt.datetime.now(dt.UTC).timestamp() > 3600
    assert await round_(office).once() == 0
    plan(office)  # the night is over
    await tamper(office.db, "update reminders set due_at = 0")
    await round_(office).once()
    assert await cards(office) == ["U0DANA", "U0NOOR", "U0SAM"]
    assert len([one for one in await bodies(office.db, "reminded") if one["audience"] == "operators"]) == 1


async def test_an_incident_may_wake_people(office: Office) -> None:
    plan(office, quiet=[_window(office)], remind=[NOW], quiet_hours="override", reason="INCIDENT")
    await office.proposed()
    await round_(office).once()
    assert await cards(office) == ["U0DANA", "U0SAM"]


async def test_an_escalation_asks_the_next_group_and_changes_nobodys_rights(office: Office) -> None:
    """Noor is of sre but no operator: she is asked to find somebody, and her own vote still does not count."""
    plan(office, escalate=[{"after": NOW, "to": "sre"}])
    proposal = await office.proposed()
    await round_(office).once()
    asked = await said(office, PostKind.CARD)
    assert any(one.startswith("U0NOOR") and "you cannot approve it yourself" in one for one in asked)
    assert any(one.startswith("U0SAM") and "you may approve this" in one for one in asked)
    assert (await office.approve("U0NOOR", proposal)).said is Said.REFUSED
    assert {(one["audience"], one["to"]) for one in await bodies(office.db, "asked_next")} == {
        ("thread", "sre"),
        ("sre", "sre"),
    }
    assert (await office.approve("U0SAM", proposal)).said is Said.DONE


async def test_a_second_reminder_is_a_sentence_not_a_second_card(office: Office) -> None:
    plan(office, remind=[NOW, "1h"], dm="at_once", thread=False)
    await office.proposed()
    await round_(office).once()
    assert await said(office) == Counter() and await cards(office) == ["U0DANA", "U0SAM"]
    await tamper(office.db, "update reminders set due_at = 0")
    await round_(office).once()
    assert await cards(office) == ["U0DANA", "U0SAM"]
    assert sorted(one.split(":")[0] for one in await said(office)) == ["U0DANA", "U0SAM"]


async def test_people_who_cannot_be_looked_up_are_asked_later_and_nobody_waits_for_them(office: Office) -> None:
    """Slack or an on-call service does not answer for one proposal."""
    plan(office, remind=[NOW])
    await office.proposed()
    real = office.staff.members
    fails = True

    async def members(tenant: str, group: str) -> frozenset[str]:
        nonlocal fails
        if fails:
            fails = False
            raise RuntimeError("no answer")
        return await real(tenant, group)

    office.staff.members = members  # type: ignore[method-assign]
    other = await office.proposed()
    await round_(office).once()
    assert [one["proposal"] for one in await bodies(office.db, "reminded")] == [other.id] * 2
    assert len(await open_rows(office)) == 2


async def test_neither_a_bot_nor_the_requester_is_asked(office: Office) -> None:
    plan(office, remind=[NOW], escalate=[{"after": "0.002s", "to": "operators"}])
    office.staff.bots.add("U0SAM")
    await office.proposed()
    await round_(office).once()
    assert await cards(office) == ["U0DANA"]


async def test_a_tampered_proposal_is_not_advertised(office: Office) -> None:
    plan(office, remind=[NOW])
    proposal = await office.proposed()
    changed = proposal.sealed.replace('"value":7', '"value":70')
    await tamper(office.db, "update proposals set sealed = :sealed", sealed=changed)
    await round_(office).once()
    assert await said(office) == Counter() and await open_rows(office) == []


async def _expired(office: Office) -> Proposal:
    plan(office, remind=["1h"])
    return await make_late(office, await office.proposed())


async def test_nobody_answered_is_an_end_of_its_own(office: Office) -> None:
    """The card, the thread, the brain and the record say so; it is no refusal, and nothing ran."""
    proposal = await _expired(office)
    assert await sweeps.expire(office.db) == 1
    ended = await office.again(proposal)
    assert (ended.state, ended.outcome) == (ProposalState.EXPIRED, "nobody answered in time")
    assert any("Nobody answered in time, so nothing was changed" in one for one in await said(office))
    while await office.work():
        pass
    assert await office.results(proposal) == ["expired"] and office.lab.effects == []
    assert (await office.task(proposal)).state is TaskState.COMPLETED
    assert await sweeps.expire(office.db) == 0


async def test_a_plan_ends_a_proposal_earlier_than_the_rules_and_never_later(office: Office) -> None:
    plan(office, expires="10m")
    short = await office.proposed()
    assert round(short.expires_at - short.created_at) == 600
    plan(office, expires="20d")
    assert round((await office.proposed()).expires_at - short.created_at) <= 4 * 3600 + 60
