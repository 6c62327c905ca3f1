"""Edits: within bounds, by those it concerns, and never approved by who wrote them."""

import pytest

from bot.orchestrator.requests import Said
from bot.orchestrator.show import Showroom
from bot.orchestrator.views import CardState
from storage.records import Proposal, ProposalState, TaskState
from tests.builders import TENANT
from tests.orchestrator.office import Office
from tests.tools.asking import bodies
from tools.sealing import open_seal


async def _edited(office: Office, who: str = "U0DANA", **values: object) -> tuple[Proposal, Proposal]:
    old = await office.proposed()
    assert (await office.edit(who, old, **({"value": 9} | values))).said is Said.DONE
    assert await office.work()
    return old, await office.of(await office.task(old))


async def test_an_edit_is_a_new_proposal_with_no_votes(office: Office) -> None:
    """The old one is superseded and linked; the new card does not claim that the world moved."""
    office.lab.users = 40
    old = await office.proposed()
    await office.approve("U0SAM", old)
    assert (await office.edit("U0DANA", old, value=9)).said is Said.DONE
    assert await office.work()
    new = await office.of(await office.task(old))
    before = await office.again(old)
    assert (before.state, before.superseded_by) == (ProposalState.SUPERSEDED, new.id)
    sealed = open_seal(new)
    assert sealed.arguments["value"] == 9 and sealed.supersedes == old.id and sealed.editors == ("U0DANA",)
    shown = await Showroom(office.db, office.gateway, office.staff, str).approval(TENANT, new.id)
    assert shown.state is CardState.PROPOSED and shown.votes == () and shown.notices
    assert [b["by"] for b in await bodies(office.db, "edited")] == ["U0DANA"]


async def test_an_editor_cannot_approve_their_own_values(office: Office) -> None:
    """Nor can the first editor after a second edit, nor the requester; somebody else can."""
    _, new = await _edited(office)
    answer = await office.approve("U0DANA", new)
    assert answer.said is Said.REFUSED and "you changed the values" in answer.hint
    assert (await office.edit("U0SAM", new, value=10)).said is Said.DONE
    assert await office.work()
    newest = await office.of(await office.task(new))
    for who in ("U0DANA", "U0SAM", "U0ANA"):
        assert (await office.approve(who, newest)).said is Said.REFUSED, who
    office.staff.groups["U0KIM"] = {"operators"}
    assert (await office.approve("U0KIM", newest)).said is Said.DONE
    assert await office.work()
    assert [e[2] for e in office.lab.effects] == [10]


@pytest.mark.parametrize(
    ("values", "field", "says"),
    [
        ({"value": 101}, "value", "at most 100"),
        ({"value": "many"}, "value", "integer"),
        ({"value": float("nan")}, "arguments", "canonical"),
        ({"thing": "x" * 41}, "thing", "at most 40"),
        ({"more": 1}, "more", "extra"),
        ({"env": "moon"}, "env", "builtin:wrong-shape"),
    ],
)
async def test_values_out_of_bounds_are_told_by_field_and_nothing_changes(
    office: Office, values: dict[str, object], field: str, says: str
) -> None:
    """The schema, the manifest's bounds, and the rules."""
    proposal = await office.proposed()
    answer = await office.edit("U0DANA", proposal, **values)
    assert answer.said is Said.INVALID and answer.fields[0][0] == field and says in str(answer.fields).lower()
    assert await office.again(proposal) == proposal


@pytest.mark.parametrize("who", ["U0RILEY", "U0NOOR", "U0GONE"])
async def test_only_those_it_concerns_edit(office: Office, who: str) -> None:
    """Else any member could throw away votes and put their values before the approvers."""
    proposal = await office.proposed()
    assert (await office.edit(who, proposal, value=9)).said is Said.REFUSED
    assert await office.again(proposal) == proposal
    assert [b["who"] for b in await bodies(office.db, "edit_refused")] == [who]


async def test_the_requester_edits_their_own_request(office: Office) -> None:
    old = await office.proposed("U0RILEY")
    assert (await office.edit("U0RILEY", old, value=9)).said is Said.DONE


async def test_an_edit_of_what_is_decided_is_refused(office: Office) -> None:
    proposal = await office.ran()
    assert (await office.edit("U0DANA", proposal, value=9)).said is Said.STALE
    assert (await office.task(proposal)).state is TaskState.COMPLETED


async def test_an_edit_of_one_value_does_not_vouch_for_another(office: Office) -> None:
    """`thing` came from nowhere trusted and the editor left it as it was: it stays marked; `value` is theirs now."""
    old = await office.proposed(text="it burns, set something")
    assert set(open_seal(old).origins) == {"thing", "value"}
    await office.edit("U0DANA", old, value=9)
    await office.work()
    new = open_seal(await office.of(await office.task(old)))
    assert set(new.origins) == {"thing"} and new.arguments["value"] == 9
