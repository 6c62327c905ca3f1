"""What edges ask of the orchestrator, and what it answers. Everything in here is a claim until it is checked."""

from dataclasses import dataclass
from enum import StrEnum

from storage.records import JsonObject, Source


@dataclass(frozen=True, kw_only=True)
class Attached:
    """A file that came with a request, as Slack tells of it; nobody has read it yet."""

    id: str
    name: str
    kind: str
    """its media type, as its sender's machine said"""
    size: int
    """bytes"""


@dataclass(frozen=True, kw_only=True)
class Request:
    """Somebody asks for work."""

    tenant: str
    source: Source
    channel: str
    thread_ts: str
    """the thread's root; equal to `request_ts` when this message starts it"""
    request_ts: str
    requester: str
    requester_team: str
    text: str
    keys: tuple[str, ...]
    """every name this delivery may come again under (event id, channel and ts); the first seen wins"""
    dry_run: bool = False
    agent: str = ""
    hearsay: str = ""
    """words of no person who may ask, such as an alert: shown to the brain as data. With it, `text` vouches for no
    argument either"""
    parent_id: str | None = None
    cut_from: int = 0
    """characters its text had, where that was too long to be read whole"""
    files: tuple[Attached, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Click:
    """Somebody pressed a button on a card. Only the proposal id is used; what it says comes from our storage."""

    tenant: str
    proposal_id: str
    who: str
    key: str
    """unique for this press: action_ts, view id"""
    fence: int | None = None
    """the task's fence when the card was drawn"""
    channel: str = ""
    """where it was pressed, "" when unknown"""
    message_ts: str = ""


class Said(StrEnum):
    """What became of a click."""

    DONE = "done"
    """counted, nothing left to wait for"""
    COUNTED = "counted"
    """counted, more votes are needed"""
    STEP_UP = "step_up"
    """nothing counted yet: this person has to prove a second factor at `link` first"""
    REFUSED = "refused"
    STALE = "stale"
    """the card no longer stands so; it is redrawn"""
    DUPLICATE = "duplicate"
    INVALID = "invalid"
    """the submitted values do not fit; `fields` says where"""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The reply to a click, in words for the person who pressed."""

    said: Said
    message: str = ""
    rules: tuple[str, ...] = ()
    hint: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    """(field, what is wrong)"""
    task_id: str = ""
    link: str = ""
    """for this person only"""


class Verdict(StrEnum):
    """What a person says about a call in doubt."""

    HAPPENED = "happened"
    RUN_IT = "run_it"
    DROP = "drop"


@dataclass(frozen=True, kw_only=True)
class Edit:
    """New values for a proposal's arguments, typed by a person."""

    click: Click
    arguments: JsonObject
