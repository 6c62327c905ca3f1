"""A digest tells of everything, also of what somebody tampered with."""

from collections.abc import Sequence
from dataclasses import replace

from bot.orchestrator.views import DigestView
from bot.schedules.autonomy import autonomy
from bot.schedules.digests import channels_of, digest
from bot.slack.cards.digest import digest_card
from storage import proposals
from storage.records import Proposal, ProposalState
from tests.builders import TENANT
from tests.orchestrator.office import Office
from tests.tools.asking import tamper


def _digest(
    done: Sequence[Proposal], waiting: Sequence[Proposal], *readable: str, shown: Sequence[str] = ()
) -> DigestView:
    return digest(
        title="Digest",
        since=0,
        until=9e9,
        tasks=[],
        proposals=done,
        open_now=waiting,
        intents=[],
        approvers={},
        readable=readable or {"C0INC"},
        shown=shown,
    )


async def test_what_was_asked_where_not_all_readers_are_is_counted_and_not_named(office: Office) -> None:
    whole = await office.proposed()
    done = replace(whole, state=ProposalState.RAN)
    assert channels_of([whole]) == {"C0INC"}
    told, elsewhere = _digest([whole], [whole]), _digest([done], [whole], "C0OTHER")
    assert (len(told.open_items), told.unnamed) == (1, 0)
    assert len(_digest([done], [whole], "C0OTHER", shown=[whole.card_id]).open_items) == 1, "its card stands there"
    assert (elsewhere.open_items, elsewhere.actions, elsewhere.unnamed) == ((), (), 1)
    shown = str(digest_card(elsewhere).blocks)
    assert "1 more in private channels and direct messages" in shown and "checkout" not in shown
    assert "more in private" not in str(digest_card(told).blocks)


async def test_a_damaged_seal_is_named_and_stops_no_digest(office: Office) -> None:
    whole = await office.proposed()
    damaged = replace(whole, id="0" * 64, sealed=whole.sealed.replace("checkout", "checkin"))
    every = [replace(p, state=ProposalState.FAILED) for p in (whole, damaged)]
    told = _digest(every, [whole, damaged])
    assert [item.says.startswith("A call of lab.set whose stored bytes") for item in told.actions] == [False, True]
    assert len(told.open_items) == 2
    assert autonomy(told, proposals=every, intents=[], tz="UTC").edited == 0


async def test_what_was_decided_this_week_and_has_not_run_yet_is_found(office: Office) -> None:
    proposal = await office.proposed()
    await office.approve("U0DANA", proposal)
    await tamper(office.db, "update proposals set created_at = 1 where id = :id", id=proposal.id)
    async with office.db.read() as tx:
        found = await proposals.recent(tx, TENANT, since=100.0)
    assert [(one.id, one.state) for one in found] == [(proposal.id, ProposalState.APPROVED)]


async def test_what_waited_over_the_border_of_two_weeks_is_counted_in_the_one_it_was_decided_in(office: Office) -> None:
    """As the chart counts it: proposed in the first, approved in the second, and in neither twice."""
    whole = replace(await office.proposed(), created_at=50.0)
    approved = replace(whole, state=ProposalState.RAN, decided_at=130.0, finished_at=140.0)
    rejected = replace(whole, id="1" * 64, state=ProposalState.REJECTED, decided_at=150.0, finished_at=150.0)
    expired = replace(whole, id="2" * 64, state=ProposalState.EXPIRED, decided_at=160.0, finished_at=160.0)
    found = [approved, rejected, expired]

    def week(since: float) -> tuple[DigestView, dict[str, int]]:
        told = digest(
            title="",
            since=since,
            until=since + 100,
            tasks=[],
            proposals=found,
            open_now=[],
            intents=[],
            approvers={},
            readable=set(),
        )
        drawn = autonomy(told, proposals=found, intents=[], tz="UTC")
        return told, {one.name: one.total for one in drawn.series if one.total}

    first, drawn = week(0.0)
    assert (first.proposed, first.approved, first.rejected, first.expired) == (3, 0, 0, 0)
    assert (drawn, first.median_decision_seconds) == ({}, None)
    second, drawn = week(100.0)
    assert (second.proposed, second.approved, second.rejected, second.expired) == (0, 1, 1, 1)
    assert drawn == {"approved": 1, "rejected": 1, "unanswered": 1}
    assert second.median_decision_seconds == 90.0
