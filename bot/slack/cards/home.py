"""The Home tab: what waits for me, what is open, what happened."""

from bot.orchestrator.views import ApprovalView, HomeView
from bot.slack.actions import ActionId, ActionRef, CallbackId, action_value
from bot.slack.cards import blocks
from bot.slack.cards.blocks import Block
from bot.slack.cards.lists import action_row, listing, proposal_row, task_row
from bot.slack.cards.wording import plural, shortened

_WAITING, _TASKS, _RECENT = 10, 10, 10


def home_view(view: HomeView) -> Block:
    """The view for `views.publish`."""
    body: list[Block] = [blocks.header(f"{len(view.waiting_for_me):,} waiting for you")]
    if view.waiting_for_me:
        body += [_waiting(one) for one in view.waiting_for_me[:_WAITING]]
        if (rest := len(view.waiting_for_me) - _WAITING) > 0:
            body.append(blocks.context(f"_and {plural(rest, 'more proposal')}_"))
    else:
        body.append(blocks.section("Nothing waits for your approval. Mention me in a channel to start something."))
    body.append(blocks.divider())
    tasks = [task_row(task) for task in view.open_tasks]
    body += listing("Open tasks", tasks, noun="task", most=_TASKS, empty="No task is open.")
    recent = [action_row(item) for item in view.recent]
    body += listing("Recent actions", recent, noun="action", most=_RECENT, empty="No action ran yet.")
    body += [blocks.divider(), blocks.context(_foot(view))]
    return {"type": "home", "callback_id": CallbackId.HOME, "blocks": [*body]}


def _waiting(view: ApprovalView) -> Block:
    ref = ActionRef(proposal_id=view.proposal_id, fence=view.fence)
    details = blocks.button("Details", action_id=ActionId.DETAILS, value=action_value(ref))
    return blocks.section(proposal_row(view), accessory=details)


def _foot(view: HomeView) -> str:
    connected = "✓ connected" if view.connected else "✗ not connected"
    return f"{connected} · brain {shortened(view.brain, 200)} · {shortened(view.data_policy, 600)}"
