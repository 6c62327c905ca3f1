"""Schedules in Slack: the list with its buttons, and the modal that adds or changes one."""

from collections.abc import Sequence

from bot.schedules.cadence import Cadence, typed
from bot.schedules.changes import LONGEST_TEXT, Draft
from bot.schedules.listing import ScheduleLine
from bot.slack.actions import ActionId, CallbackId
from bot.slack.cards import blocks, escaping
from bot.slack.cards.blocks import Block, Card
from bot.slack.cards.submitted import FieldErrors, submitted
from bot.slack.cards.wording import plural, shortened, when
from storage.records import ScheduleKind
from storage.rollouts import Stage

NAMES = {
    ScheduleKind.DIGEST: "Daily digest",
    ScheduleKind.AUTONOMY: "Weekly autonomy digest",
    ScheduleKind.REQUEST: "Request",
}
_NEED = {
    Stage.DRY_RUN: "before it may run alone: a clean dry run, then a clean run by hand",
    Stage.MANUAL: "dry run was clean; before it may run alone: a clean run by hand",
}
KIND, WHEN, ZONE, CHANNEL, TEXT = (f"schedule.{name}" for name in ("kind", "when", "tz", "channel", "text"))
_ROW = 400


def schedule_row(line: ScheduleLine) -> str:
    """One schedule in two lines."""
    what = NAMES[line.kind] + (f": {shortened(line.text, _ROW)}" if line.text else "")
    state = f"next {when(line.next_at)}" if line.enabled else "paused"
    mark = "●" if line.enabled else "○"
    rows = [f"{mark} *{what}* to <#{line.channel}>", f"{escaping.code(line.when)} {line.tz} · {state}"]
    if line.kind is ScheduleKind.REQUEST:
        rows[1] += f" · in the name of <@{line.owner}>"
        if line.need in _NEED:
            rows.append(f"_{_NEED[line.need]}_")
    return "\n".join(rows)


def schedule_list(lines: Sequence[ScheduleLine]) -> Card:
    """For reading only."""
    rows = [schedule_row(line) for line in lines] or ["Nothing comes by itself yet."]
    body = [blocks.section(row) for row in rows]
    return Card(blocks=tuple(body), text=plural(len(lines), "schedule"))


def schedules_modal(lines: Sequence[ScheduleLine], *, channel: str, said: str = "") -> Block:
    """The list with its buttons; `said` is what became of the last press."""
    body: list[Block] = [blocks.section(f"*{escaping.ours(said)}*")] if said else []
    add = blocks.button("Add a schedule", action_id=ActionId.SCHEDULE_ADD, value="", style="primary")
    del add["value"]
    body.append(blocks.actions("schedules.add", [add]))
    if not lines:
        body.append(blocks.section("Nothing comes by itself yet. A daily digest is a good beginning."))
    for line in lines:
        body.append(blocks.section(schedule_row(line)))
        body.append(blocks.actions(f"schedules.{line.id}", _buttons(line)))
    body.append(blocks.context("Every change is on the record, with who made it."))
    return blocks.modal(callback_id=CallbackId.SCHEDULES, title="Schedules", blocks=body, metadata=channel)


def _buttons(line: ScheduleLine) -> list[Block]:
    def press(text: str, action_id: ActionId, ask: Block | None = None, style: str = "") -> Block:
        return blocks.button(text, action_id=action_id, value=line.id, ask=ask, style=style)

    acts = line.kind is ScheduleKind.REQUEST
    sure = blocks.confirm(title="Remove it?", text="It will not come again.", yes="Remove", danger=True)
    now = blocks.confirm(
        title="Run it now?",
        text="It acts, as if somebody had asked for it now. What policy lets people decide still waits for them.",
        yes="Run now",
    )
    toggle = ("Pause", ActionId.SCHEDULE_PAUSE) if line.enabled else ("Start", ActionId.SCHEDULE_START)
    return [
        press("Edit", ActionId.SCHEDULE_EDIT),
        press(*toggle),
        *([press("Dry run", ActionId.SCHEDULE_DRY_RUN)] if acts else []),
        press("Run now", ActionId.SCHEDULE_RUN_NOW, ask=now if acts else None),
        press("Remove", ActionId.SCHEDULE_REMOVE, ask=sure, style="danger"),
    ]


def schedule_modal(line: ScheduleLine | None, *, channel: str, tz: str) -> Block:
    """The typed fields of one schedule, empty for a new one."""
    acts = line is None or line.kind is ScheduleKind.REQUEST
    body = [blocks.section(f"*{NAMES[line.kind]}*")] if line is not None else [_kind()]
    cron = line.when if line is not None else "0 9 * * 1-5"
    body.append(
        _text(WHEN, "When", cron, "Five cron fields (minute hour day month weekday), or “every 30 min”, “every 6 h”.")
    )
    body.append(_text(ZONE, "Time zone", line.tz if line is not None else tz, "For example Europe/Berlin."))
    body.append(_channel(line.channel if line is not None else channel))
    if acts:
        hint = "For a request: what to ask me for, as you would in a message. It runs in your name."
        body.append(_text(TEXT, "Request", line.text if line is not None else "", hint, long=True))
    return blocks.modal(
        callback_id=CallbackId.SCHEDULE,
        title="Change a schedule" if line is not None else "Add a schedule",
        blocks=body,
        metadata=f"{line.id if line is not None else ''}|{channel}",
        submit="Save",
        close="Back",
    )


def draft_of(state_values: object, known: ScheduleKind | None) -> Draft | FieldErrors:
    """What was typed. `known`: the kind our record says, for one that is changed."""
    values = submitted(state_values)
    missing = {place: "this is needed" for place in (WHEN, ZONE, CHANNEL) if not values.get(place, "").strip()}
    if missing:
        return FieldErrors(errors=missing)
    cadence: Cadence = typed(values[WHEN], values[ZONE])
    kind = known or ScheduleKind(values.get(KIND, ScheduleKind.DIGEST))
    return Draft(kind=kind, cadence=cadence, channel=values[CHANNEL], text=values.get(TEXT, ""))


def field_error(message: str, field: str) -> FieldErrors:
    """A refusal where it belongs in the modal."""
    place = {"when": WHEN, "tz": ZONE, "text": TEXT, "channel": CHANNEL}.get(field, WHEN)
    return FieldErrors(errors={place: message})


def _kind() -> Block:
    options = [blocks.option(name, kind.value) for kind, name in NAMES.items()]
    element: Block = {
        "type": "radio_buttons",
        "action_id": ActionId.FIELD,
        "options": [*options],
        "initial_option": options[0],
    }
    hint = "A request can act, so it starts switched off: dry run, then run now, then start."
    return _input(KIND, "What", element, hint)


def _text(block_id: str, label: str, value: str, hint: str, *, long: bool = False) -> Block:
    element: Block = {"type": "plain_text_input", "action_id": ActionId.FIELD, "multiline": long}
    element["max_length"] = LONGEST_TEXT if long else 100
    if value:
        element["initial_value"] = value
    return {**_input(block_id, label, element, hint), "optional": long}


def _channel(channel: str) -> Block:
    element: Block = {"type": "conversations_select", "action_id": ActionId.FIELD}
    if channel:
        element["initial_conversation"] = channel
    return _input(CHANNEL, "Channel", element, "Invite me there first.")


def _input(block_id: str, label: str, element: Block, hint: str) -> Block:
    return {
        "type": "input",
        "block_id": block_id,
        "label": blocks.plain_text(label),
        "hint": blocks.plain_text(hint),
        "element": element,
    }
