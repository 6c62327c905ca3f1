"""A proposal as the terminal shows it: the same facts as the card, made from the sealed bytes."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.text import Text

from bot.orchestrator.views import ApprovalView
from bot.terminal.printable import one_line
from policy.risk import in_words


def proposal_panel(view: ApprovalView) -> RenderableType:
    """What would happen, how risky it is, who must agree, and how it is taken back."""
    lines = [Text.assemble((f"{label:<9} ", "dim"), one_line(value)) for label, value in _rows(view)]
    return Panel(
        Group(*lines), title=Text(one_line(view.says), style="bold"), title_align="left", border_style="yellow"
    )


def _rows(view: ApprovalView) -> Iterator[tuple[str, str]]:
    yield "proposal", view.proposal_id
    for place, call in enumerate(view.calls, 1):
        yield f"call {place}", call.says
        for label, value in _rows(call):
            if label in ("argument", "change", "touches", "risk", "undo"):
                yield label, value
    yield "tool", f"{view.tool} ({view.tier}, {view.env})"
    for argument in view.arguments:
        came = argument.origin or argument.source
        yield "argument", f"{argument.name} = {argument.value}" + (f"  from {came}" if came else "")
    for change in view.changes:
        yield "change", f"{change.label}: {change.before} → {change.after}"
    for counted in view.counted:
        yield "touches", f"{counted.count} {counted.unit}" + (f" of {counted.of}" if counted.of else "")
    yield "dry run", view.grade.words
    yield "risk", f"{view.risk.score} of 100, {view.risk.band} ({in_words(view.risk)})"
    if view.why:
        yield "why", view.why
    yield "undo", view.undo_says or "cannot be undone"
    yield (
        "needs",
        " and ".join(
            f"{need.count} of @{need.group}{' with a second factor' if need.step_up else ''}" for need in view.needs
        )
        or "nobody",
    )
    yield "rules", ", ".join(view.rules)
