"""A card says that its proposal was altered, whichever sealed field it was, and offers no button any more."""

import json
import shutil
from pathlib import Path
from typing import Any, cast

import pytest

from bot.orchestrator.show import Showroom
from bot.slack.charts import Charts
from bot.slack.drawing import Drawing
from storage import posts
from storage.canonical import canonical
from storage.records import PostKind, Proposal, ProposalState
from tests.builders import TENANT
from tests.orchestrator.office import Office
from tests.tools.asking import tamper

FIELDS: dict[str, Any] = {
    "tenant": "T0OTHER",
    "requester": "U0RILEY",
    "arguments": {"thing": "checkout", "value": 99, "env": "prod"},
    "tool": "lab.drop",
    "tool_version": "0" * 64,
    "policy_version": "0" * 16,
    "agent_version": "0" * 64,
    "changes": [],
    "before": {"value": 7},
    "fingerprint": "0" * 64,
    "obligations": [],
    "says": "Nothing much",
    "expires_at": 9e9,
}
"""what somebody with the database could want to be otherwise; every field of the seal is in tests/tools/test_seal.py"""


@pytest.fixture
def database_url(tmp_path: Path, migrated_sqlite: Path) -> str:
    return f"sqlite:///{shutil.copyfile(migrated_sqlite, tmp_path / 'test.db')}"


async def _drawn(office: Office, proposal: Proposal) -> str:
    async with office.db.read() as tx:
        found = await posts.showing(tx, TENANT, proposal.id)
    [card] = [post for post in found if post.kind is PostKind.CARD]
    showroom = Showroom(office.db, office.gateway, office.staff, lambda hashed: hashed)
    drawing = Drawing(db=office.db, showroom=showroom, registry=office.gateway.registry, charts=cast(Charts, None))
    return str(await drawing.draw(card))


async def test_an_altered_proposal_is_refused_at_the_run_and_its_card_says_so(office: Office) -> None:
    """Each field in turn, after the approval; put back, the card is as it was, and the call runs once."""
    proposal = await office.proposed()
    await office.approve("U0DANA", proposal)
    whole = json.loads(proposal.sealed)
    for name, value in FIELDS.items():
        assert whole[name] != value, name
        await tamper(office.db, "update proposals set sealed = :sealed", sealed=canonical({**whole, name: value}))
        card = await _drawn(office, proposal)
        assert "Altered after it was proposed" in card and "action_id" not in card, name
        assert str(value) not in card or name in ("changes", "obligations"), name
    assert await office.work() and office.lab.effects == []
    assert (await office.again(proposal)).state is ProposalState.REFUSED
    await tamper(office.db, "update proposals set sealed = :sealed", sealed=proposal.sealed)
    assert "Refused before it ran" in await _drawn(office, proposal)
