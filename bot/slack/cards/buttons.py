"""The buttons of an approval card: what each state offers, and what is asked again before it counts."""

from collections.abc import Sequence

from bot.orchestrator.views import ApprovalView, CardState
from bot.slack.actions import ActionId, ActionRef, BlockId, Choice, action_value, choice_value
from bot.slack.cards import blocks, escaping
from bot.slack.cards.blocks import BUTTON_TEXT, CONFIRM_TEXT, Block
from bot.slack.cards.lookalikes import deceptive
from bot.slack.cards.states import ASKING, UNDOABLE
from policy.types import Tier


def buttons(view: ApprovalView, *, whole: bool) -> Block:
    """The row of buttons. When the card does not hold everything (`whole`), Show all stands first."""
    return blocks.actions(BlockId.BUTTONS, [*([] if whole else [_details(view, "Show all")]), *_for_state(view, whole)])


def home_buttons(view: ApprovalView, number: int) -> Block:
    """The row below a proposal on Home; `number` keeps the rows of one view apart."""
    reject = [_press(view, "Reject", ActionId.REJECT, style="danger")]
    decide = [_approve(view), *reject] if view.state in ASKING else []
    return blocks.actions(f"{BlockId.BUTTONS}.{number}", [*decide, _details(view, "Details")])


def undo_button(view: ApprovalView) -> Block | None:
    """Undo of what was done, while it is offered."""
    if view.state not in UNDOABLE or view.undo_until is None or not view.undo_says:
        return None
    return _press(view, "Undo", ActionId.UNDO, ask=_ask("Undo this?", view.undo_says, "Undo"))


def _for_state(view: ApprovalView, whole: bool) -> Sequence[Block]:
    if view.state in ASKING:
        edit = [_press(view, "Edit", ActionId.EDIT)] if view.editable else []
        return [_approve(view), *edit, _press(view, "Reject", ActionId.REJECT, style="danger"), _more(view)]
    details = [_details(view, "Details")] if whole else []
    if view.state is CardState.UNKNOWN:
        run_it = _ask("Run it now?", _doubtful(view), "Run it", danger=True)
        return [
            _press(view, "It happened", ActionId.IT_HAPPENED),
            _press(view, "It did not: run it", ActionId.RUN_IT, ask=run_it),
            _press(view, "Drop it", ActionId.DROP_IT),
            *details,
        ]
    undo = undo_button(view)
    return [undo, *details] if undo is not None else details


def _approve(view: ApprovalView) -> Block:
    again = " again" if view.state is CardState.CHANGED else ""
    said = f"Approve{again}: {view.verb}"
    clean = view.verb and len(said) <= BUTTON_TEXT and not deceptive(view.verb) and "\n" not in view.verb
    grave = view.tier == Tier.IRREVERSIBLE or view.risk.band == "high"
    title = "This cannot be undone" if view.tier == Tier.IRREVERSIBLE or not view.undo_says else "High risk"
    return _press(
        view,
        said if clean else f"Approve{again}",
        ActionId.APPROVE,
        style="primary",
        ask=_ask(title, view.says, "Approve", danger=True) if grave else None,
    )


def _more(view: ApprovalView) -> Block:
    entries = [("Dry run now", Choice.DRY_RUN), ("Details", Choice.DETAILS)]
    if view.can_hand_over:
        entries.append(("Hand over …", Choice.HAND_OVER))
    if view.grants.any:
        entries.append((f"Allow again for {view.grants.minutes} minutes …", Choice.GRANT))
    entries.append(("Stop this task", Choice.STOP))
    ref = _ref(view)
    return {
        "type": "overflow",
        "action_id": ActionId.MORE,
        "options": [blocks.option(text, choice_value(choice, ref)) for text, choice in entries],
    }


def _doubtful(view: ApprovalView) -> str:
    return next((call.says for call in view.calls if call.state is CardState.UNKNOWN), view.says)


def _details(view: ApprovalView, text: str) -> Block:
    return blocks.button(text, action_id=ActionId.DETAILS, value=action_value(_ref(view)))


def _press(view: ApprovalView, text: str, action_id: ActionId, *, style: str = "", ask: Block | None = None) -> Block:
    value = action_value(_ref(view))
    return blocks.button(text, action_id=action_id, value=value, style=style, ask=ask, visible_to=view.viewers)


def _ask(title: str, says: str, yes: str, *, danger: bool = False) -> Block:
    line = escaping.plain(says).replace("`", "") or "(no words)"
    if len(line) > CONFIRM_TEXT:
        line = f"What it does takes {len(line):,} characters: go back and press Show all before you decide."
    return blocks.confirm(title=title, text=line, yes=yes, danger=danger)


def _ref(view: ApprovalView) -> ActionRef:
    doubtful = next((call for call in view.calls if call.state is CardState.UNKNOWN), None)
    if view.state is CardState.UNKNOWN and doubtful is not None:  # a doubt is about one call of the plan
        return _ref(doubtful)
    return ActionRef(proposal_id=view.proposal_id, fence=view.fence)
