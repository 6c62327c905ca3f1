"""Pure: what people press and submit -> our types. A value we would not have written is None, never an exception."""

import re
from dataclasses import dataclass

from pydantic import BaseModel

from bot.orchestrator.areas import Area
from bot.orchestrator.requests import Click
from bot.slack.actions import (
    ActionId,
    ActionRef,
    Choice,
    parse_action,
    parse_choice,
    parse_feedback,
    parse_part,
    parse_task,
)
from bot.slack.inbound import Payload
from bot.slack.tenants import FromSlack


class _Named(BaseModel):
    id: str


class _Option(BaseModel):
    value: str


class _Action(BaseModel):
    action_id: str
    action_ts: str
    value: str = ""
    selected_option: _Option | None = None


class _Container(BaseModel):
    message_ts: str = ""
    thread_ts: str = ""


class _ActionBody(FromSlack):
    user: _Named
    actions: list[_Action]
    trigger_id: str = ""
    channel: _Named | None = None
    container: _Container = _Container()


@dataclass(frozen=True, kw_only=True)
class Press:
    """A button on one of our cards: who pressed what, and the modal ticket Slack gave."""

    click: Click
    ref: ActionRef
    choice: Choice | None
    trigger_id: str
    channel: str
    thread_ts: str


def press(body: Payload) -> Press | None:
    """The press, or None for a value we would not have written."""
    found = _ActionBody.read(body)
    if found is None:
        return None
    action = found.actions[0]
    choice: Choice | None = None
    if action.selected_option is not None:
        parsed = parse_choice(action.selected_option.value)
        if parsed is None:
            return None
        choice, ref = parsed
    else:
        maybe = parse_action(action.value)
        if maybe is None:
            return None
        ref = maybe
    channel = found.channel.id if found.channel else ""
    return Press(
        click=Click(
            tenant=found.tenant,
            proposal_id=ref.proposal_id,
            who=found.user.id,
            fence=ref.fence,
            key=f"{ref.proposal_id}:{found.user.id}:{action.action_ts}",
            channel=channel,
            message_ts=found.container.message_ts,
        ),
        ref=ref,
        choice=choice,
        trigger_id=found.trigger_id,
        channel=channel,
        thread_ts=found.container.thread_ts,
    )


@dataclass(frozen=True, kw_only=True)
class FeedbackPress:
    """A thumb under an answer."""

    tenant: str
    who: str
    key: str
    channel: str
    thread_ts: str
    task_id: str
    feedback: str


def feedback(body: Payload) -> FeedbackPress | None:
    found = _ActionBody.read(body)
    if found is None:
        return None
    action = found.actions[0]
    said = parse_feedback(action.value)
    if said is None or found.channel is None:
        return None
    return FeedbackPress(
        tenant=found.tenant,
        who=found.user.id,
        key=f"feedback:{found.user.id}:{action.action_ts}",
        channel=found.channel.id,
        thread_ts=found.container.thread_ts,
        task_id=said.task_id,
        feedback=said.feedback,
    )


@dataclass(frozen=True, kw_only=True)
class TaskPress:
    """A button that is about a task: Stop, Regenerate."""

    tenant: str
    who: str
    key: str
    channel: str
    thread_ts: str
    task_id: str
    trigger_id: str


def task_press(body: Payload) -> TaskPress | None:
    """The press, or None for a value we would not have written."""
    found = _ActionBody.read(body)
    if found is None:
        return None
    action = found.actions[0]
    task_id = parse_task(action.value)
    if task_id is None or found.channel is None:
        return None
    return TaskPress(
        tenant=found.tenant,
        who=found.user.id,
        key=f"{action.action_id}:{task_id}:{found.user.id}:{action.action_ts}",
        channel=found.channel.id,
        thread_ts=found.container.thread_ts,
        task_id=task_id,
        trigger_id=found.trigger_id,
    )


@dataclass(frozen=True, kw_only=True)
class MorePress:
    """Show more, below the beginning of a long answer."""

    tenant: str
    who: str
    channel: str
    thread_ts: str
    task_id: str
    part: int


def more_press(body: Payload) -> MorePress | None:
    """The press, or None for a value we would not have written."""
    found = _ActionBody.read(body)
    if found is None:
        return None
    claim = parse_part(found.actions[0].value)
    if claim is None or found.channel is None:
        return None
    task_id, part = claim
    return MorePress(
        tenant=found.tenant,
        who=found.user.id,
        channel=found.channel.id,
        thread_ts=found.container.thread_ts,
        task_id=task_id,
        part=part,
    )


class _State(BaseModel):
    values: dict[str, dict[str, object]] = {}


class _View(BaseModel):
    id: str
    private_metadata: str = ""
    state: _State = _State()


class _ViewBody(FromSlack):
    user: _Named
    view: _View


@dataclass(frozen=True, kw_only=True)
class Submitted:
    """A modal of ours was submitted."""

    click: Click
    state_values: object


def submitted(body: Payload) -> Submitted | None:
    """The submission, or None when the modal is not one we would have opened."""
    found = _ViewBody.read(body)
    if found is None:
        return None
    ref = parse_action(found.view.private_metadata)
    if ref is None:
        return None
    return Submitted(
        click=Click(
            tenant=found.tenant,
            proposal_id=ref.proposal_id,
            who=found.user.id,
            fence=ref.fence,
            key=f"view:{found.view.id}",
        ),
        state_values=found.view.state.values,
    )


@dataclass(frozen=True, kw_only=True)
class HomeTurn:
    """Another area, or another page of one list, was chosen on Home."""

    tenant: str
    who: str
    area: str | None = None
    """"" is everything"""
    page: tuple[str, int] | None = None


_TURNED = re.compile(r"(waiting|requests|open|recent|grants)\.([0-9]{1,4})", re.ASCII)


def home_turn(body: Payload) -> HomeTurn | None:
    """The choice, or None for a value we would not have written."""
    found = _ActionBody.read(body)
    if found is None:
        return None
    action = found.actions[0]
    if action.action_id.startswith(ActionId.HOME_AREA):
        area = "" if action.value == "all" else action.value
        known = area == "" or area in set(Area)
        return HomeTurn(tenant=found.tenant, who=found.user.id, area=area) if known else None
    turned = _TURNED.fullmatch(action.value)
    if turned is None:
        return None
    return HomeTurn(tenant=found.tenant, who=found.user.id, page=(turned[1], int(turned[2])))
