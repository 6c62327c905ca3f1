"""Rows that several cards share: a task, an action, a proposal, each one line of mrkdwn."""

from collections.abc import Iterable, Sequence

from bot.orchestrator.views import ApprovalView, CardState, DigestItem, TaskLine
from bot.slack.cards import blocks, escaping
from bot.slack.cards.blocks import SECTION_TEXT, Block
from bot.slack.cards.states import headline, mark
from bot.slack.cards.wording import clipped, shortened, when

_TITLE = 300
_NAME = 80
_STATES = {
    "needs_approval": "waits for approval",
    "needs_consent": "waits for a word in its thread: may it be sent to the provider?",
    "escalated_to_human": "*needs a person's word*",
    "failed_retryable": "tries again soon",
    "executing": "runs an approved change",
    "running": "at work",
}


def state_in_words(state: str) -> str:
    """What a task does, or what it waits for."""
    return _STATES.get(state) or shortened(state.replace("_", " "), _NAME)


def task_row(task: TaskLine) -> str:
    """A task with its state in words, who asked, and when."""
    state = state_in_words(task.state)
    who = shortened(task.requester, _NAME, escaping.person)
    return f"• {shortened(task.title, _TITLE)} · {state} · {who} {when(task.at)}{_open(task.link)}"


def action_row(item: DigestItem) -> str:
    """An action with how it ended, who decided, and when."""
    who = f" · {shortened(item.who, _NAME, escaping.person)}" if item.who else ""
    said = shortened(item.says, _TITLE, escaping.says)
    return f"{mark(item.state)} {said} · {_state(item.state)}{who} {when(item.at)}{_open(item.link)}"


def proposal_row(view: ApprovalView) -> str:
    """A proposal with its risk and until when it waits."""
    said = shortened(view.says, _TITLE, escaping.says)
    risk = f"risk {view.risk.score}, {view.risk.band}"
    return f"{mark(view.state)} {said} · {headline(view)} · {risk} · until {when(view.expires_at)}{_open(view.link)}"


def listing(title: str, rows: Sequence[str], *, noun: str, most: int, empty: str, limit: int = 9_000) -> list[Block]:
    """A headed list over as many sections as it needs, at most `most` rows; says how many more there are."""
    if not rows:
        return [blocks.section(f"*{title}*\n{empty}")]
    lines = [f"*{title}*", *clipped(rows, most=most, limit=limit, noun=noun)]
    return [blocks.section(text) for text in packed(lines)]


def packed(lines: Iterable[str]) -> Iterable[str]:
    """The lines in as few texts as sections take."""
    text = ""
    for line in lines:
        if len(text) + len(line) + 1 > SECTION_TEXT:
            yield text
            text = ""
        text = f"{text}\n{line}" if text else line
    yield text


def _state(state: CardState) -> str:
    return state.value.replace("_", " ")


def _open(url: str) -> str:
    link = escaping.link(url, "open")
    return f" · {link}" if link else ""
