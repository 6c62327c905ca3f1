"""A digest tells of everything, also of what somebody tampered with."""

from collections.abc import Sequence
from dataclasses import replace

from bot.orchestrator.views import DigestView
from bot.schedules.autonomy import autonomy
from bot.schedules.digests import channels_of, digest
from bot.slack.cards.digest import digest_card
from storage.records import Proposal, ProposalState
from tests.orchestrator.office import Office


def _digest(done: Sequence[Proposal], waiting: Sequence[Proposal], *readable: str) -> DigestView:
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
    )


async def test_what_was_asked_where_not_all_readers_are_is_counted_and_not_named(office: Office) -> None:
    whole = await office.proposed()
    done = replace(whole, state=ProposalState.RAN)
    assert channels_of([whole]) == {"C0INC"}
    told, elsewhere = _digest([whole], [whole]), _digest([done], [whole], "C0OTHER")
    assert (len(told.open_items), told.unnamed) == (1, 0)
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
