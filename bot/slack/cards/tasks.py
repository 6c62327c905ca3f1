"""What the slash command answers, seen by the asker only: status, tasks, approvals, help."""

from collections.abc import Sequence
from enum import StrEnum

from bot.orchestrator.views import AgentLine, ApprovalView, HomeView, TaskLine
from bot.slack.cards import blocks, escaping
from bot.slack.cards.blocks import Card
from bot.slack.cards.lists import listing, packed, proposal_row, task_row
from bot.slack.cards.wording import plural, shortened

_MOST = 15


class Word(StrEnum):
    """The words of the slash command; the same work after a mention."""

    ASK = "ask"
    STATUS = "status"
    TASKS = "tasks"
    APPROVALS = "approvals"
    DIGEST = "digest"
    SCHEDULES = "schedules"
    SETTINGS = "settings"
    CONSENT = "consent"
    STOP = "stop"
    HALT = "halt"
    LIFT = "lift"
    RAISE = "raise"
    HAND = "hand"
    GRANT = "grant"
    GRANTS = "grants"
    REVOKE = "revoke"
    HELP = "help"


HELP: dict[Word, str] = {
    Word.ASK: "start a task: what should I look into or change?",
    Word.STATUS: "whether I am connected, which brain I use, and what is open",
    Word.TASKS: "the open tasks that you may read",
    Word.APPROVALS: "what waits for your approval",
    Word.DIGEST: "the last 24 hours in numbers, and what was done",
    Word.SCHEDULES: "what comes by itself; admins add, change, pause and start it there",
    Word.SETTINGS: "what holds in this channel; admins change it (`settings workspace`: everywhere)",
    Word.CONSENT: "what you agreed may be sent to a model provider; `consent withdraw` takes it back",
    Word.STOP: "stop the task of this thread or channel; what already ran stays as it is",
    Word.HALT: "change nothing more in this workspace until it is lifted, whatever was approved",
    Word.LIFT: "end a halt",
    Word.RAISE: "let a tool be used alone again that was lowered because something was wrong",
    Word.HAND: "in the thread of a card: give it to another who may approve",
    Word.GRANT: "let exactly the call of that card run 5 times in 30 minutes unasked",
    Word.GRANTS: "which grants stand, and what is left of each",
    Word.REVOKE: "take a grant back",
    Word.HELP: "these words",
}
FOLLOWED_BY: dict[Word, str] = {
    Word.ASK: "your question",
    Word.HALT: "why",
    Word.LIFT: "because why",
    Word.RAISE: "TOOL why",
    Word.HAND: "to @somebody",
    Word.GRANT: "ID 5 30",
    Word.REVOKE: "ID",
}


def status_card(view: HomeView) -> Card:
    """One look at the bot: connected, brain, data policy, and counts."""
    connected = "✓ connected" if view.connected else "✗ not connected"
    working = plural(view.requests.total + view.open.total, "open task")
    counts = f"{working}, {view.waiting.total:,} waiting for you"
    lines = [
        f"{connected} · {counts}",
        *([f"! {shortened(view.halted, 600, escaping.ours)}"] if view.halted else []),
        *(_agent(one) for one in view.agents),
    ]
    return Card(blocks=tuple(map(blocks.section, packed(lines))), text=f"{connected}, {counts}")


def _agent(one: AgentLine) -> str:
    where = f"brain {shortened(one.brain, 200)} · {shortened(one.data_policy, 600)}"
    return f"*{shortened(one.name, 80)}*  {where}"


def task_list(tasks: Sequence[TaskLine]) -> Card:
    """Open tasks, newest first as given."""
    rows = [task_row(task) for task in tasks]
    empty = "No task is open. Mention me, or use `ask`, to start one."
    body = listing("Open tasks", rows, noun="task", most=_MOST, empty=empty)
    return Card(blocks=tuple(body), text=plural(len(tasks), "open task"))


def approval_list(views: Sequence[ApprovalView]) -> Card:
    """What waits for the asker's approval, each with a link to its card."""
    rows = [proposal_row(view) for view in views]
    empty = "Nothing waits for your approval."
    body = listing("Waiting for you", rows, noun="proposal", most=_MOST, empty=empty)
    return Card(blocks=tuple(body), text=f"{plural(len(views), 'proposal')} waiting for you")


def help_card(command: str, *, unknown: str = "") -> Card:
    """The words of the command; `unknown` is the word that was not one."""
    name = escaping.reveal(command)[:40]
    lines = [
        f"• {escaping.code(' '.join(filter(None, (name, word, FOLLOWED_BY.get(word)))))}  {said}"
        for word, said in HELP.items()
    ]
    first = "*What I can do for you*"
    if unknown:
        first = f"I do not know the word {escaping.code(escaping.reveal(unknown)[:60])}. I know:"
    last = "In a thread, where Slack has no commands, mention me with the same words."
    body = [*map(blocks.section, packed([first, *lines])), blocks.context(last)]
    return Card(blocks=tuple(body), text="the words I know")
