"""A digest tells of everything, also of what somebody tampered with."""

from dataclasses import replace

from bot.schedules.autonomy import autonomy
from bot.schedules.digests import digest
from storage.records import ProposalState
from tests.orchestrator.office import Office


async def test_a_damaged_seal_is_named_and_stops_no_digest(office: Office) -> None:
    whole = await office.proposed()
    damaged = replace(whole, id="0" * 64, sealed=whole.sealed.replace("checkout", "checkin"))
    every = [replace(p, state=ProposalState.FAILED) for p in (whole, damaged)]
    told = digest(
        title="", since=0, until=9e9, tasks=[], proposals=every, open_now=[whole, damaged], intents=[], approvers={}
    )
    assert [item.says.startswith("A call of lab.set whose stored bytes") for item in told.actions] == [False, True]
    assert len(told.open_items) == 2
    assert autonomy(told, proposals=every, intents=[], tz="UTC").edited == 0
