"""The Home tab: is the bot well, what waits for me, what I asked for, what is open, what was done, who works here."""

from collections.abc import Iterable, Iterator

from bot.orchestrator.areas import Area
from bot.orchestrator.views import AgentLine, ApprovalView, CardState, HomeView, Paged, TaskLine
from bot.slack.actions import ActionId, BlockId, CallbackId
from bot.slack.cards import blocks, escaping
from bot.slack.cards.blocks import Block
from bot.slack.cards.buttons import home_buttons, undo_button
from bot.slack.cards.grant import home_row
from bot.slack.cards.lists import packed, state_in_words
from bot.slack.cards.states import headline, mark
from bot.slack.cards.wording import plural, shortened, when

_TITLE, _NAME, _SAYS = 200, 80, 1_200
_NO_TASKS = "Ask in a channel: mention me and say what is wrong. Or write to me under Messages."
_EVERYTHING = "all"
_GRANTS = 10
_AGENTS = 10
_HOW = "Each lets one exact call run again without asking."


def home_view(view: HomeView) -> Block:
    """The view for `views.publish`."""
    return {"type": "home", "callback_id": CallbackId.HOME, "blocks": [*_body(view)]}


def _body(view: HomeView) -> Iterator[Block]:
    yield blocks.header(_greeting(view))
    yield blocks.context(_health(view))
    if view.halted:
        yield blocks.section(f"✗ *Halted*\n{shortened(view.halted, 600, escaping.ours)}")
    yield _filters(view)
    yield blocks.divider()
    yield from _waiting(view)
    yield blocks.divider()
    about = f" about {view.area}" if view.area else ""
    yield from _tasks("Your requests", view.my_requests, view.requests, "requests", f"You have no open request{about}.")
    yield from _tasks("Open for others", view.open_tasks, view.open, "open", f"Nothing else is open{about}.")
    yield blocks.divider()
    yield from _recent(view)
    yield from _grants(view)
    yield blocks.divider()
    yield blocks.section("*Agents and what they do with your words*")
    yield from (blocks.section(_agent(one)) for one in view.agents[:_AGENTS])
    if len(view.agents) > 1:
        first = next((one.name for one in view.agents if one.default), view.agents[0].name)
        yield blocks.context(f"{shortened(first, _NAME)} works where no admin chose another: `/autopilot settings`")
    yield blocks.context("`/autopilot help` lists what I understand · `/autopilot digest` sums up the day")


def _greeting(view: HomeView) -> str:
    about = f" about {view.area}" if view.area else ""
    return f"{view.waiting.total:,}{about} waiting for you" if view.waiting.total else f"Nothing{about} waits for you"


def _health(view: HomeView) -> str:
    connected = "✓ connected" if view.connected else "✗ not connected"
    working = plural(view.requests.total + view.open.total, "open task")
    brains = ", ".join(dict.fromkeys(shortened(one.brain, 100) for one in view.agents))
    return f"{connected} · {'✗ halted' if view.halted else '✓ may act'} · {working} · brain {brains}"


def _filters(view: HomeView) -> Block:
    def button(text: str, area: str) -> Block:
        chosen = "primary" if view.area == area else ""
        name = area or _EVERYTHING
        return blocks.button(text, action_id=f"{ActionId.HOME_AREA}.{name}", value=name, style=chosen)

    every = [button("All", ""), *(button(one.value.capitalize(), one.value) for one in Area)]
    return blocks.actions(BlockId.HOME_AREAS, every)


def _waiting(view: HomeView) -> Iterator[Block]:
    yield blocks.section("*Waiting for your approval*")
    if not view.waiting_for_me:
        hint = f"No change about {view.area} needs you. Choose All to see everything." if view.area else ""
        yield blocks.section(hint or "No change needs your approval. When one does, you decide here or on its card.")
    for number, one in enumerate(view.waiting_for_me):
        yield blocks.section(f"{mark(one.state)} *{shortened(one.says, _SAYS, escaping.says)}*{_open(one.link)}")
        yield blocks.context(_asked(one))
        yield home_buttons(one, number)
    yield from _paging("waiting", view.waiting)
    if view.altered:
        what = f"{plural(view.altered, 'proposal')} not listed: altered after they were proposed. See the record."
        yield blocks.context(f"✗ {what}")


def _asked(view: ApprovalView) -> str:
    stands = "" if view.state is CardState.PROPOSED else f"{headline(view)} · "
    who = shortened(view.requester, _NAME, escaping.person)
    return f"{stands}risk {view.risk.score} of 100, {view.risk.band} · asked by {who} · until {when(view.expires_at)}"


def _tasks(title: str, rows: Iterable[TaskLine], paged: Paged, name: str, empty: str) -> Iterator[Block]:
    lines = [_task(task) for task in rows]
    tip = f"\n{_NO_TASKS}" if name == "requests" else ""
    yield from map(blocks.section, packed([f"*{title}*", *(lines or [f"{empty}{tip}"])]))
    yield from _paging(name, paged)


def _task(task: TaskLine) -> str:
    state = state_in_words(task.state)
    who = shortened(task.requester, _NAME, escaping.person)
    return f"• {shortened(task.title, _TITLE)}{_open(task.link)} · {state} · {who} {when(task.at)}"


def _recent(view: HomeView) -> Iterator[Block]:
    yield blocks.section("*Recent actions*")
    if not view.recent:
        about = f" about {view.area}" if view.area else ""
        yield blocks.section(f"No change{about} was made yet. Everything that runs is listed here, with Undo.")
    for one in view.recent:
        said = f"{mark(one.state)} {shortened(one.says, _SAYS, escaping.says)}{_open(one.link)}"
        yield blocks.section(f"{said}\n{_ended(one)}", accessory=undo_button(one))
    yield from _paging("recent", view.done)


def _ended(view: ApprovalView) -> str:
    who = shortened(view.requester, _NAME, escaping.person)
    at = when(view.finished_at or view.decided_at or view.proposed_at)
    return f"{headline(view)} · asked by {who} · {at}"


def _grants(view: HomeView) -> Iterator[Block]:
    if not view.grants:
        return
    yield blocks.divider()
    yield blocks.section(f"*Standing grants*\n{_HOW}")
    yield from (home_row(grant) for grant in view.grants[:_GRANTS])
    if (more := len(view.grants) - _GRANTS) > 0:
        yield blocks.context(f"_and {plural(more, 'more grant')}: `/autopilot grants`_")


def _paging(name: str, paged: Paged) -> Iterator[Block]:
    """Where this page stands, and the ways on; nothing when it is the only one."""
    if paged.total <= paged.size:
        return
    first = paged.page * paged.size + 1
    ways = []
    if paged.page:
        ways.append(_turn("← Newer", name, paged.page - 1))
    if first + paged.size <= paged.total:
        ways.append(_turn("Older →", name, paged.page + 1))
    yield blocks.actions(f"{BlockId.HOME_PAGES}.{name}", ways)
    yield blocks.context(f"{first:,} to {min(first + paged.size - 1, paged.total):,} of {paged.total:,}")


def _turn(text: str, name: str, page: int) -> Block:
    return blocks.button(text, action_id=f"{ActionId.HOME_PAGE}.{name}.{page}", value=f"{name}.{page}")


def _agent(agent: AgentLine) -> str:
    name = shortened(agent.name, _NAME)
    what = f" · {shortened(agent.summary, _TITLE)}" if agent.summary else ""
    return f"*{name}*{what}\nbrain {shortened(agent.brain, 200)} · {shortened(agent.data_policy, 600)}"


def _open(url: str) -> str:
    link = escaping.link(url, "open")
    return f" · {link}" if link else ""
