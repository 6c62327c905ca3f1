"""A card names what was altered in its proposal, whichever sealed field it was, and offers no button any more."""

import json
from typing import cast

import pytest

from bot.orchestrator.show import Showroom
from bot.slack.charts import Charts
from bot.slack.drawing import Drawing, Rooms
from storage import erasing, posts
from storage.canonical import canonical
from storage.db import Database
from storage.records import PostKind, Proposal, ProposalState
from tests.builders import TENANT
from tests.orchestrator.office import Office
from tests.orchestrator.planned import planned
from tests.tools.asking import bodies, tamper
from tools.sealing import SealedCall


def _another(value: object) -> object:
    """A value of the same shape that is not this one."""
    match value:
        case str():
            return value + "x"
        case bool():
            return not value
        case int() | float():
            return value + 1
        case list():
            return [*value, *value[:1]] if value else ["more"]
        case dict():
            return {**value, "more": 1}
        case _:
            return "something"


async def _drawn(office: Office, proposal: Proposal) -> str:
    async with office.db.read() as tx:
        found = await posts.showing(tx, TENANT, proposal.id)
    [card] = [post for post in found if post.kind is PostKind.CARD]
    showroom = Showroom(office.db, office.gateway, office.staff, lambda hashed: hashed)
    drawing = Drawing(
        db=office.db,
        showroom=showroom,
        registry=office.gateway.registry,
        charts=cast(Charts, None),
        rooms=cast(Rooms, None),
    )
    return str(await drawing.draw(card))


async def _seal_says(db: Database, proposal: Proposal, sealed: str) -> None:
    await tamper(db, "update proposals set sealed = :sealed where id = :id", sealed=sealed, id=proposal.id)


async def test_an_altered_proposal_is_refused_at_the_run_and_its_card_names_every_field(office: Office) -> None:
    """Each sealed field in turn, after the approval; put back, the card is as it was."""
    proposal = await office.proposed()
    await office.approve("U0DANA", proposal)
    whole = json.loads(proposal.sealed)
    assert set(whole) == set(SealedCall.model_fields)
    for name, value in whole.items():
        await _seal_says(office.db, proposal, canonical({**whole, name: _another(value)}))
        card = await _drawn(office, proposal)
        assert "Altered after it was proposed" in card and "action_id" not in card, name
        assert f"`{name}`" in card or f"`{name}.more`" in card, (name, card)
    others = {"thing": "checkout", "value": 99, "env": "prod"}
    await _seal_says(office.db, proposal, canonical({**whole, "arguments": others, "says": "Nothing much"}))
    assert "`arguments.value`:  `7` → `99`" in await _drawn(office, proposal)
    assert await office.work() and office.lab.effects == []
    assert (await office.again(proposal)).state is ProposalState.REFUSED
    [refused] = await bodies(office.db, "refused")
    assert {"label": "arguments.value", "before": 7, "after": 99} in refused["moved"]
    assert "moved: arguments.value and says" in refused["message"]
    await _seal_says(office.db, proposal, proposal.sealed)
    assert "Refused before it ran" in await _drawn(office, proposal)


async def test_what_is_altered_cannot_write_on_the_card(office: Office) -> None:
    """Names and values of the stored bytes are an attacker's: literal, escaped, and of a length that fits."""
    proposal = await office.proposed()
    whole = json.loads(proposal.sealed)
    hostile = {f"<!channel> *{n}*\u202e": "<https://evil.example|fine> " * n for n in range(1, 60)}
    await _seal_says(office.db, proposal, canonical({**whole, **hostile, "x" * 4_000: 1}))
    card = await _drawn(office, proposal)
    assert "<!channel>" not in card and "<https://evil" not in card and "\u202e" not in card
    assert "more fields" in card
    for odd in ("{}", "no json", "[1]", proposal.sealed.replace(",", ", ", 1)):
        await _seal_says(office.db, proposal, odd)
        assert "Altered after it was proposed" in await _drawn(office, proposal), odd


async def test_a_press_on_an_altered_proposal_names_what_moved(office: Office) -> None:
    proposal = await office.proposed()
    whole = json.loads(proposal.sealed)
    await _seal_says(office.db, proposal, canonical({**whole, "env": "dev"}))
    for answer in (
        await office.approve("U0DANA", proposal),
        await office.edit("U0DANA", proposal, value=8),
        await office.desk.hand_to(office.click("U0DANA", proposal), "U0SAM"),
    ):
        assert "(moved: env)" in answer.message, answer
    assert (await office.again(proposal)).state is ProposalState.OPEN


async def test_a_plan_names_the_call_that_was_altered(office: Office) -> None:
    plan, calls = await planned(office)
    await _seal_says(office.db, calls[1], calls[1].sealed.replace('"value":9', '"value":99'))
    assert "`call 2: arguments.value`:  `9` → `99`" in await _drawn(office, plan)


async def test_an_erased_call_is_not_called_altered(office: Office) -> None:
    """Only once it has ended: what can still run and says nothing was altered."""
    proposal = await office.proposed()
    await office.reject("U0DANA", proposal)
    async with office.db.write() as tx:
        await erasing.empty_seals(tx, TENANT, [proposal.id])
    card = await _drawn(office, proposal)
    assert "was erased on request" in card and "Altered" not in card
    await tamper(office.db, "update proposals set state = 'open'")
    assert "Altered after it was proposed" in await _drawn(office, proposal)


async def test_the_kept_copy_cannot_be_changed_and_without_it_the_card_says_so(office: Office) -> None:
    """The database refuses; whoever has the power to take that away cannot make an alteration look like none."""
    proposal = await office.proposed()
    for statement in ("update seals set sealed = 'x'", "delete from seals"):
        with pytest.raises(Exception, match="append-only"):
            await tamper(office.db, statement)
    whole = json.loads(proposal.sealed)
    await _seal_says(office.db, proposal, canonical({**whole, "env": "dev"}))
    if office.db.is_postgres:
        await tamper(office.db, "alter table seals disable trigger user")
    else:
        await tamper(office.db, "drop trigger seals_no_update")
    await tamper(office.db, "update seals set sealed = :sealed", sealed=canonical({**whole, "env": "dev"}))
    assert "the copy to compare it with is not whole either" in await _drawn(office, proposal)
