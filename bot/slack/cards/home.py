"""The Home tab: what waits for me, what is open, what happened."""

from bot.orchestrator.views import HomeView
from bot.slack.actions import CallbackId
from bot.slack.cards import blocks
from bot.slack.cards.blocks import Block
from bot.slack.cards.buttons import home_buttons
from bot.slack.cards.grant import home_row
from bot.slack.cards.lists import action_row, listing, proposal_row, task_row
from bot.slack.cards.wording import plural, shortened

_WAITING, _TASKS, _RECENT, _GRANTS = 10, 10, 10, 10
_HOW = "Each lets one exact call run again without asking."


def home_view(view: HomeView) -> Block:
    """The view for `views.publish`."""
    body: list[Block] = [blocks.header(f"{len(view.waiting_for_me):,} waiting for you")]
    if view.waiting_for_me:
        for number, one in enumerate(view.waiting_for_me[:_WAITING]):
            body += [blocks.section(proposal_row(one)), home_buttons(one, number)]
        if (rest := len(view.waiting_for_me) - _WAITING) > 0:
            body.append(blocks.context(f"_and {plural(rest, 'more proposal')}_"))
    else:
        body.append(blocks.section("Nothing waits for your approval. Mention me in a channel to start something."))
    if view.altered:
        what = f"{plural(view.altered, 'proposal')} not listed: altered after they were proposed. See the record."
        body.append(blocks.context(f"✗ {what}"))
    body.append(blocks.divider())
    tasks = [task_row(task) for task in view.open_tasks]
    body += listing("Open tasks", tasks, noun="task", most=_TASKS, empty="No task is open.")
    if view.grants:
        body.append(blocks.section(f"*Standing grants*\n{_HOW}"))
        body += [home_row(grant) for grant in view.grants[:_GRANTS]]
        if (more := len(view.grants) - _GRANTS) > 0:
            body.append(blocks.context(f"_and {plural(more, 'more grant')}: `/autopilot grants`_"))
    recent = [action_row(item) for item in view.recent]
    body += listing("Recent actions", recent, noun="action", most=_RECENT, empty="No action ran yet.")
    body += [blocks.divider(), blocks.context(_foot(view))]
    return {"type": "home", "callback_id": CallbackId.HOME, "blocks": [*body]}


def _foot(view: HomeView) -> str:
    connected = "✓ connected" if view.connected else "✗ not connected"
    return f"{connected} · brain {shortened(view.brain, 200)} · {shortened(view.data_policy, 600)}"
