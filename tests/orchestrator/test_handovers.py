"""Handing over: only from and to people who may approve; the named one is asked directly, and it is on the record."""

import asyncio
from collections import Counter

import pytest
import sqlalchemy as sa

from bot.orchestrator.requests import Answer, Click, Said
from bot.orchestrator.show import Showroom
from storage.records import PostKind, Proposal
from storage.tables import posts
from tests.builders import TENANT
from tests.orchestrator.late import make_late
from tests.orchestrator.office import Office
from tests.tools.asking import bodies, tamper


async def hand(office: Office, who: str, proposal: Proposal, to: str, **changes: str) -> Answer:
    return await office.desk.hand_to(office.click(who, proposal, **changes), to)


async def rows(office: Office, kind: PostKind) -> list[tuple[str, str]]:
    async with office.db.read() as tx:
        found = (await tx.run(sa.select(posts).where(posts.c.kind == kind))).all()
    return [(row.channel, str(row.body.get("text") or row.body.get("asked") or "")) for row in found]


async def test_the_named_person_gets_the_card_and_everybody_sees_to_whom_it_went(office: Office) -> None:
    proposal = await office.proposed()
    answer = await hand(office, "U0DANA", proposal, "U0SAM")
    assert answer.said is Said.DONE
    assert ("U0SAM", "<@U0DANA> hands this to you") in await rows(office, PostKind.CARD)
    assert ("C0INC", "<@U0DANA> hands this to <@U0SAM>.") in await rows(office, PostKind.NOTICE)
    view = await Showroom(office.db, office.gateway, office.staff, str).approval(TENANT, proposal.id)
    assert "handed to <@U0SAM> by <@U0DANA>" in view.notices
    [body] = await bodies(office.db, "handed_over")
    assert (body["by"], body["to"], body["proposal"]) == ("U0DANA", "U0SAM", proposal.id)
    assert (await office.approve("U0SAM", proposal)).said is Said.DONE


@pytest.mark.parametrize(
    ("who", "to", "words"),
    [
        ("U0RILEY", "U0SAM", "only somebody who may approve this can hand it over"),
        ("U0ANA", "U0SAM", "only somebody who may approve this can hand it over"),
        ("U0GONE", "U0SAM", "not an active member"),
        ("U0DANA", "U0RILEY", "<@U0RILEY> cannot approve this; it needs @operators"),
        ("U0DANA", "U0NOOR", "<@U0NOOR> cannot approve this; it needs @operators"),
        ("U0DANA", "U0ANA", "<@U0ANA> asked for this, so somebody else must approve it"),
        ("U0DANA", "U0GONE", "<@U0GONE> is not an active member"),
        ("U0DANA", "U0DANA", "you have it already"),
    ],
)
async def test_it_goes_only_from_and_to_those_who_may_approve(office: Office, who: str, to: str, words: str) -> None:
    """Refused in words and on the record; nobody is asked."""
    proposal = await office.proposed()
    answer = await hand(office, who, proposal, to)
    assert answer.said is Said.REFUSED and words in answer.message
    assert len(await bodies(office.db, "hand_over_refused")) == 1 and await bodies(office.db, "handed_over") == []
    assert [where for where, _ in await rows(office, PostKind.CARD) if where.startswith("U")] == []


async def test_who_has_voted_is_not_asked_again(office: Office) -> None:
    office.lab.users = 40  # one of operators and two of sre
    proposal = await office.proposed()
    await office.approve("U0SAM", proposal)
    answer = await hand(office, "U0DANA", proposal, "U0SAM")
    assert answer.said is Said.REFUSED and "already voted" in answer.message
    assert (await hand(office, "U0SAM", proposal, "U0NOOR")).said is Said.DONE


async def test_a_second_hand_over_is_heard_although_the_card_is_there(office: Office) -> None:
    """An updated message makes no sound, so a sentence comes with it. The same press twice is one."""
    proposal = await office.proposed()
    await hand(office, "U0DANA", proposal, "U0SAM", key="one")
    await asyncio.gather(*(hand(office, "U0SAM", proposal, "U0DANA", key="two") for _ in range(3)))
    await hand(office, "U0DANA", proposal, "U0SAM", key="three")
    found = Counter(where for where, _ in await rows(office, PostKind.CARD))
    assert found == {"C0INC": 1, "U0SAM": 1, "U0DANA": 1}
    heard = Counter(where for where, _ in await rows(office, PostKind.NOTICE))
    assert heard == {"C0INC": 2, "U0SAM": 1} and len(await bodies(office.db, "handed_over")) == 3


async def test_what_has_ended_cannot_be_handed_over(office: Office) -> None:
    """Approved, rejected, late, and changed behind the program's back."""
    done, no, late, forged = [await office.proposed() for _ in range(4)]
    await office.approve("U0DANA", done)
    await office.reject("U0DANA", no, "no")
    await tamper(office.db, "update proposals set tool = 'lab.put' where id = :id", id=forged.id)
    late = await make_late(office, late)
    for proposal, words in ((done, "already approved"), (no, "already rejected"), (late, "expired")):
        answer = await hand(office, "U0DANA", proposal, "U0SAM")
        assert answer.said is Said.STALE and words in answer.message
    assert (await hand(office, "U0DANA", forged, "U0SAM")).said is Said.REFUSED
    assert await bodies(office.db, "handed_over") == []


async def test_words_in_a_thread_find_what_waits_there(office: Office) -> None:
    """In the task's thread, and in the thread under one's own card; elsewhere there is nothing."""
    proposal = await office.proposed()
    task = await office.task(proposal)
    await hand(office, "U0DANA", proposal, "U0SAM")
    await tamper(office.db, "update posts set ts = '9.9' where channel = 'U0SAM'")

    async def say(who: str, channel: str, thread: str, to: str, key: str) -> Answer:
        click = Click(tenant=TENANT, proposal_id="", who=who, key=key, channel=channel)
        return await office.desk.hand_in_thread(click, thread, to)

    assert (await say("U0SAM", "D0SAM", "9.9", "U0DANA", "a")).said is Said.DONE
    assert (await say("U0DANA", task.channel, task.thread_ts, "U0SAM", "b")).said is Said.DONE
    nothing = await say("U0DANA", task.channel, "8.8", "U0SAM", "c")
    assert nothing.said is Said.STALE and "nothing waits" in nothing.message
    assert (await say("U0DANA", "D0DANA", "9.9", "U0SAM", "d")).said is Said.STALE  # Sam's thread, not hers
