"""Pure: what Slack sends from the modals of schedules -> our types. What does not fit is None."""

import re
from dataclasses import dataclass

from pydantic import BaseModel

from bot.schedules.changes import Press
from bot.slack.inbound import Payload
from bot.slack.tenants import FromSlack

_ID = re.compile(r"s_[A-Za-z0-9_-]{1,80}", re.ASCII)


class _Named(BaseModel):
    id: str


class _Action(BaseModel):
    action_id: str
    action_ts: str
    value: str = ""


class _State(BaseModel):
    values: dict[str, dict[str, object]] = {}


class _View(BaseModel):
    id: str
    root_view_id: str = ""
    private_metadata: str = ""
    state: _State = _State()


class _Body(FromSlack):
    user: _Named
    view: _View
    trigger_id: str = ""
    actions: tuple[_Action, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SchedulePress:
    """A button in the list, or a modal sent. `schedule_id` is "" for a new one."""

    press: Press
    schedule_id: str
    channel: str
    """where the list was asked for"""
    list_id: str
    """the list's own view, to be drawn again"""
    trigger_id: str
    values: object


def pressed(body: Payload) -> SchedulePress | None:
    """A press in the list of schedules."""
    found = _read(body)
    if found is None or not found.actions:
        return None
    action = found.actions[0]
    key = f"{found.user.id}:{action.action_id}:{action.value}:{action.action_ts}"
    return _press(found, key, action.value, found.view.private_metadata)


def sent(body: Payload) -> SchedulePress | None:
    """The add or edit modal, sent."""
    found = _read(body)
    if found is None:
        return None
    schedule_id, _, channel = found.view.private_metadata.partition("|")
    return _press(found, f"view:{found.view.id}", schedule_id, channel)


def _read(body: Payload) -> _Body | None:
    return _Body.read(body)


def _press(found: _Body, key: str, schedule_id: str, channel: str) -> SchedulePress | None:
    if schedule_id and not _ID.fullmatch(schedule_id):
        return None
    return SchedulePress(
        press=Press(tenant=found.tenant, who=found.user.id, key=key),
        schedule_id=schedule_id,
        channel=channel,
        list_id=found.view.root_view_id or found.view.id,
        trigger_id=found.trigger_id,
        values=found.view.state.values,
    )
