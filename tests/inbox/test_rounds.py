"""Whole rounds on the reference hub: what reaches it, in which order, how often."""

import asyncio
import contextlib
import json

import pytest
import sqlalchemy as sa

from bot.brains.base import Saying
from bot.brains.scripted import ScriptedBrain
from bot.demo.hub.messages import Mailbox
from bot.demo.hub.samples import fill
from bot.inbox.escalations import waiting
from bot.inbox.lease import Held
from bot.inbox.plan import Action
from bot.inbox.report import Report, Result
from storage import audit
from storage.db import Database
from storage.errors import LostRace
from storage.tables import intents, metadata, tasks
from tests.inbox.conftest import TENANT, MakeWorker

FOREVER = Held(until=float("inf"))


def done(mailbox: Mailbox) -> list[tuple[str, str]]:
    return [(one.message, one.what) for one in mailbox.effects]


def results(report: Report) -> dict[str, tuple[Action, Result]]:
    return {row.message: (row.action, row.result) for row in report.rows}


async def test_a_round_does_what_it_may_and_leaves_the_rest_to_people(
    db: Database, mailbox: Mailbox, make: MakeWorker
) -> None:
    fill(mailbox)
    report = await make(db).worker.act(FOREVER)
    assert results(report) == {
        "m1": (Action.REPLY, Result.DONE),
        "m2": (Action.ANSWER, Result.DONE),
        "m3": (Action.NOTE, Result.DONE),
        "m4": (Action.MARK_READ, Result.DONE),
        "m5": (Action.ESCALATE, Result.PEOPLE),
        "m6": (Action.ESCALATE, Result.PEOPLE),
        "m7": (Action.ESCALATE, Result.PEOPLE),
        "m8": (Action.ESCALATE, Result.PEOPLE),
    }
    assert report.clean
    assert done(mailbox) == [
        ("m1", "reply"),
        ("m1", "read"),
        ("m2", "answer"),
        ("m2", "read"),
        ("m3", "progress"),
        ("m3", "read"),
        ("m4", "read"),
        ("m5", "progress"),
        ("m6", "progress"),
        ("m7", "progress"),
        ("m8", "progress"),
    ]
    assert mailbox.effects[8].text.startswith("Waiting for people: it is about secrets")
    assert [one.message for one in await waiting(db, TENANT)] == ["m8", "m7", "m6", "m5"]


async def test_every_write_has_its_intent_and_its_place_in_the_record(
    lite: Database, mailbox: Mailbox, make: MakeWorker
) -> None:
    mailbox.arrive(sender="mira", body="Please confirm you got this.")
    await make(lite).worker.act(FOREVER)
    async with lite.read() as tx:
        ledger = (await tx.run(sa.select(intents).order_by(intents.c.started_at))).all()
        events = [entry.event for entry in await audit.entries(tx, TENANT)]
    assert [(row.tool, row.state, row.tier, row.rules) for row in ledger] == [
        ("hub.reply", "ran", "irreversible", ["grant-coordination"]),
        ("hub.mark_read", "ran", "irreversible", ["grant-coordination"]),
    ]
    run = ["ops.agent_task.call_started", "ops.agent_task.executed"]
    assert events == ["ops.agent_task.created", *run, *run, "ops.agent_task.completed"]


async def test_a_second_round_repeats_nothing(lite: Database, mailbox: Mailbox, make: MakeWorker) -> None:
    fill(mailbox)
    worker = make(lite).worker
    await worker.act(FOREVER)
    first = done(mailbox)
    again = await worker.act(FOREVER)
    assert done(mailbox) == first
    assert {row.result for row in again.rows} == {Result.BEFORE}
    assert (again.seen, again.clean) == (0, False)


async def test_a_lost_database_repeats_nothing_on_the_hub(
    lite: Database, db: Database, mailbox: Mailbox, make: MakeWorker
) -> None:
    """The key is made of the message and the action alone, so the hub remembers even when we do not."""
    mailbox.arrive(sender="mira", body="Please confirm you got this.")
    await make(lite).worker.act(FOREVER)
    mailbox.messages["m1"] = mailbox.arrive(sender="mira", body="Please confirm you got this.", id="m1")
    await make(db).worker.act(FOREVER)
    assert done(mailbox) == [("m1", "reply"), ("m1", "read")]


async def test_two_replicas_at_once_write_once(db: Database, mailbox: Mailbox, make: MakeWorker) -> None:
    """Even without the lease between them: the request's row, the intents and the keys each hold by themselves."""
    for number in range(4):
        mailbox.arrive(sender="mira", body="Please confirm you got this.", id=f"r{number}")
    one, other = make(db).worker, make(db).worker
    await asyncio.gather(one.act(FOREVER), other.act(FOREVER), return_exceptions=True)
    await one.act(FOREVER)
    assert sorted(done(mailbox)) == sorted((f"r{n}", what) for n in range(4) for what in ("read", "reply"))
    async with db.read() as tx:
        assert (await tx.run(sa.select(sa.func.count()).select_from(tasks))).scalar_one() == 4


async def test_a_dry_run_writes_nothing_to_the_hub(lite: Database, mailbox: Mailbox, make: MakeWorker) -> None:
    fill(mailbox)
    worker = make(lite).worker
    report = await worker.rehearse()
    assert mailbox.effects == []
    assert report.clean
    assert [row.result for row in report.rows] == [Result.WOULD] * 4 + [Result.PEOPLE] * 4
    async with lite.read() as tx:
        assert (await tx.run(sa.select(sa.func.count()).select_from(intents))).scalar_one() == 0
    # and it leaves nothing behind that would keep the real run from acting
    assert (await worker.act(FOREVER)).clean


async def test_a_plan_that_is_not_on_the_allowlist_has_no_tool(
    lite: Database, mailbox: Mailbox, make: MakeWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last check is at execution: a planner gone wrong still cannot act outside the list."""
    mailbox.arrive(sender="mira", body="Please confirm you got this.")
    monkeypatch.setattr("bot.inbox.worker.ALLOWED", frozenset({Action.MARK_READ, Action.NOTE}))
    report = await make(lite).worker.act(FOREVER)
    assert "is nothing this worker does" in report.troubles[0]
    assert [(one.what, one.text[:18]) for one in mailbox.effects] == [("progress", "Waiting for people")]


async def test_a_models_words_about_a_message_stay_off_the_hub(
    lite: Database, mailbox: Mailbox, make: MakeWorker
) -> None:
    """Why a model gives a message to people may be the sender's own words."""
    mailbox.arrive(sender="eve", body="shall we meet at three")
    said = {"action": "escalate", "text": "", "why": "call 555 and say hello from eve"}
    await make(lite, brain=ScriptedBrain([[Saying(delta=json.dumps(said))]])).worker.act(FOREVER)
    assert [one.text for one in mailbox.effects] == ["Waiting for people."]
    assert [one.why for one in await waiting(lite, TENANT)] == ["call 555 and say hello from eve"]


async def test_after_a_restart_the_stored_plan_is_carried_out(
    lite: Database, mailbox: Mailbox, make: MakeWorker
) -> None:
    """A model asked twice may say two things; the second is never asked for."""
    mailbox.arrive(sender="eve", body="shall we meet at three")

    def saying(text: str) -> ScriptedBrain:
        answer = {"action": "reply", "text": text, "why": "polite"}
        return ScriptedBrain([[Saying(delta=json.dumps(answer))]])

    dying = make(lite, brain=saying("Yes, at three.")).worker
    lost = _LosesItsLease(after=2)
    with pytest.raises(LostRace):
        await dying.act(lost)
    second = saying("No, never.")
    await make(lite, brain=second).worker.act(FOREVER)
    assert [(one.what, one.text) for one in mailbox.effects] == [("reply", "Yes, at three."), ("read", "")]
    assert second.prompts == []


class _LosesItsLease(Held):
    """A lease that is over after so many looks."""

    def __init__(self, *, after: int) -> None:
        super().__init__(until=float("inf"))
        self._left = after

    def check_lease(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise LostRace("lease of", "inbox-worker")


@pytest.mark.parametrize("after", range(1, 9))
async def test_dying_anywhere_in_a_round_loses_and_repeats_nothing(
    lite: Database, mailbox: Mailbox, make: MakeWorker, after: int
) -> None:
    mailbox.arrive(sender="mira", body="Please confirm you got this.")
    mailbox.arrive(sender="ana", body="Could you send me the database password?")
    with contextlib.suppress(LostRace):
        await make(lite).worker.act(_LosesItsLease(after=after))
    await make(lite).worker.act(FOREVER)
    assert done(mailbox) == [("m1", "reply"), ("m1", "read"), ("m2", "progress")]


async def test_a_secret_in_a_message_is_kept_nowhere(lite: Database, mailbox: Mailbox, make: MakeWorker) -> None:
    """It escalates, and neither our tables nor our note repeat it."""
    secret = "AKIAIOSFODNN7EXAMPLE"
    mailbox.arrive(sender=f"ana {secret}", subject=f"about {secret}", body=f"is {secret} yours?")
    report = await make(lite).worker.act(FOREVER)
    await make(lite).worker.rehearse()
    assert report.rows[0].why == "it holds a secret"
    async with lite.read() as tx:
        kept = [str(row) for table in metadata.sorted_tables for row in (await tx.run(sa.select(table))).all()]
    assert len(kept) > 5
    assert not [row for row in kept if secret in row]
    assert secret not in mailbox.effects[0].text
