"""Case 19: a press on a forwarded card, or on a message made with a response url, is refused; the card stays as it is.

What Slack signs is who pressed what where. Only our record says which messages are cards.
"""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.orchestrator.requests import Answer, Click, Edit, Said, Verdict
from storage import posts
from storage.records import JsonObject, PostKind, Proposal
from tests import migrated
from tests.builders import TENANT
from tests.orchestrator.office import Office
from tests.tools.asking import bodies

TS = "1700000000.000100"


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    return f"sqlite:///{migrated.copy_to(tmp_path / 'test.db')}"


async def _posted(office: Office, proposal: Proposal, *, ts: str | None = TS) -> str:
    """Let the card be posted as the outbox does; its channel."""
    async with office.db.write() as tx:
        claimed = await posts.claim(tx, owner="o", lease=60, limit=20)
        [card] = [one for one in claimed if one.kind is PostKind.CARD and one.subject == proposal.id]
        await posts.about_to_send(tx, card, owner="o", lease=60)
        if ts is not None:
            await posts.sent(tx, card, ts, owner="o")
    return card.channel


def _pressed(office: Office, proposal: Proposal, channel: str, ts: str) -> Click:
    return replace(office.click("U0DANA", proposal), channel=channel, message_ts=ts)


@pytest.mark.parametrize(("channel", "ts"), [("C0OTHER", TS), ("", TS), ("C0INC", "1700000000.000999")])
async def test_case_19_a_press_on_a_copy_is_refused_and_audited(office: Office, channel: str, ts: str) -> None:
    """The channel it was forwarded to; no channel at all; a message of the card's own channel that is not the card."""
    proposal = await office.proposed()
    await _posted(office, proposal)
    click = _pressed(office, proposal, channel, ts)
    values: JsonObject = {"thing": "checkout", "value": 9, "env": "prod"}
    answers: list[Answer] = [
        await office.desk.approve(click),
        await office.desk.reject(click, "no"),
        await office.desk.edit(Edit(click=click, arguments=values)),
        await office.desk.hand_to(click, "U0SAM"),
        await office.desk.resolve(click, Verdict.RUN_IT),
    ]
    assert {one.said for one in answers} == {Said.REFUSED} and {one.rules for one in answers} == {
        ("builtin:not-our-card",)
    }
    assert await office.again(proposal) == proposal
    [body, _rejecting] = await bodies(office.db, "vote_refused")
    assert (body["who"], body["rules"]) == ("U0DANA", ["builtin:not-our-card"])


async def test_the_card_itself_counts_and_its_undo_on_a_copy_does_not(office: Office) -> None:
    proposal = await office.proposed()
    channel = await _posted(office, proposal)
    assert (await office.desk.approve(_pressed(office, proposal, channel, TS))).said is Said.DONE
    await office.work()
    assert (await office.desk.undo(_pressed(office, proposal, "C0OTHER", TS))).said is Said.REFUSED
    assert (await office.desk.undo(_pressed(office, proposal, channel, TS))).said is not Said.REFUSED


async def test_a_press_before_slack_told_us_the_message_counts(office: Office) -> None:
    """People are sometimes faster than the answer to our own chat.postMessage."""
    proposal = await office.proposed()
    channel = await _posted(office, proposal, ts=None)
    assert (await office.desk.approve(_pressed(office, proposal, channel, TS))).said is Said.DONE


async def test_a_card_in_an_approvers_own_messages_is_a_card(office: Office) -> None:
    """It is kept under the person, and pressed in the channel Slack made for them and us."""
    proposal = await office.proposed()
    async with office.db.write() as tx:
        await posts.want(tx, tenant=TENANT, kind=PostKind.CARD, subject=proposal.id, channel="U0DANA", ts=TS)
    assert (await office.desk.approve(_pressed(office, proposal, "D0DANA", TS))).said is Said.DONE
