"""The running bot publishes: from a mention in Slack to a signed webhook."""

from pathlib import Path

import pytest

from bot.events import registering
from storage import audit
from storage.hashchain import check
from tests.events.receiver import SECRET, Receiver
from tests.scenarios.world import DANA, a_world


def _told(receiver: Receiver) -> list[str]:
    """What was heard of tasks, shortly; 'approved' stands at the end until it is heard."""
    told = [got.event["type"].rpartition(".")[2] for got in receiver.taken if got.task]
    return told if "approved" in told else [*told, "approved"]


async def test_a_task_is_heard_of_from_its_question_to_its_approved_action(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, receiver: Receiver
) -> None:
    """Everything on record arrives once and in order, and the chain behind it is whole."""
    monkeypatch.setenv("SINK_SECRET", SECRET)
    async with a_world(tmp_path, monkeypatch.setenv) as world:
        async with world.database() as db:
            tenant = str(world.slack.workspace.team_id)
            await registering.add(
                db, tenant=tenant, url=receiver.url, secret_env="SINK_SECRET", events=["ops.*"], from_start=True
            )
        thread = await world.ask("checkout is failing, what is going on?")
        card = await world.card(thread, "proposal.approve")
        await world.click(DANA, card, "proposal.approve")
        await receiver.until(lambda: "executed" in _told(receiver)[_told(receiver).index("approved") :], 40)
        story = _told(receiver)
        assert story[0] == "created"
        assert story.index("proposed_action") < story.index("approved")
        assert receiver.unsigned == []
        (task,) = {got.task for got in receiver.taken if got.task}
        heard = receiver.firsts(task)
        async with world.database() as db, db.read() as tx:
            entries = await audit.entries(tx, tenant)
        assert check(entries) == []
        assert heard == [entry.seq for entry in entries if entry.task_id == task][: len(heard)]
