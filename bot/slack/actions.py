"""Every name Slack sends back to us, and what a button carries. A value is a claim: only the stored record counts."""

import re
from dataclasses import dataclass
from enum import StrEnum


class ActionId(StrEnum):
    """What was pressed."""

    APPROVE = "proposal.approve"
    EDIT = "proposal.edit"
    REJECT = "proposal.reject"
    MORE = "proposal.more"
    """an overflow; which entry was chosen is a `Choice`"""
    DETAILS = "proposal.details"
    UNDO = "proposal.undo"
    IT_HAPPENED = "proposal.it_happened"
    RUN_IT = "proposal.run_it"
    """in doubt: it did not happen, run it"""
    DROP_IT = "proposal.drop_it"
    FEEDBACK = "answer.feedback"
    GOOD = "answer.good"
    BAD = "answer.bad"
    """the two thumbs as ordinary buttons, where Slack has no feedback buttons"""
    REGENERATE = "answer.regenerate"
    SHOW_MORE = "answer.more"
    STOP = "task.stop"
    GRANT_REVOKE = "grant.revoke"
    HOME_AREA = "home.area"
    HOME_PAGE = "home.page"
    """both with what was chosen behind a dot: elements of one row need names of their own"""
    SETTINGS = "settings.open"
    CONSENT_YES = "consent.yes"
    CONSENT_NO = "consent.no"
    OPEN = "link.open"
    """a button that only opens an address; acked and forgotten"""
    FIELD = "field"
    """the one input of an input block"""
    SCHEDULE_ADD = "schedule.add"
    SCHEDULE_EDIT = "schedule.edit"
    SCHEDULE_START = "schedule.start"
    SCHEDULE_PAUSE = "schedule.pause"
    SCHEDULE_DRY_RUN = "schedule.dry_run"
    SCHEDULE_RUN_NOW = "schedule.run_now"
    SCHEDULE_REMOVE = "schedule.remove"


class Choice(StrEnum):
    """The entries of the More menu."""

    DRY_RUN = "dry_run"
    DETAILS = "details"
    HAND_OVER = "hand_over"
    GRANT = "grant"
    STOP = "stop"


class CallbackId(StrEnum):
    """Which modal was submitted or closed, and which view is Home."""

    EDIT = "proposal.edit"
    REJECT = "proposal.reject"
    HAND_OVER = "proposal.hand_over"
    GRANT = "proposal.grant"
    DETAILS = "proposal.details"
    SETTINGS = "settings.edit"
    SETTINGS_CONFIRM = "settings.confirm"
    SETTINGS_SAVED = "settings.saved"
    HOME = "home"
    SCHEDULES = "schedules"
    SCHEDULE = "schedule.save"
    NOTICE = "notice"
    """words that have no channel to be said in"""


class BlockId(StrEnum):
    """Blocks we find again by name."""

    BUTTONS = "proposal.buttons"
    REASON = "reject.reason"
    PERSON = "handover.person"
    TIMES = "grant.times"
    MINUTES = "grant.minutes"
    FEEDBACK = "answer.feedback"
    AGAIN = "answer.again"
    MORE = "answer.more"
    STOP = "task.stop"
    HOME_AREAS = "home.areas"
    HOME_PAGES = "home.pages"


class Feedback(StrEnum):
    """What the two feedback buttons say."""

    GOOD = "good"
    BAD = "bad"


@dataclass(frozen=True, kw_only=True)
class ActionRef:
    """Which proposal a press claims to be about, and the fence of its task when the button was drawn."""

    proposal_id: str
    fence: int


@dataclass(frozen=True, kw_only=True)
class FeedbackRef:
    """Which answer was judged, and how."""

    task_id: str
    feedback: Feedback


_REF = r"([0-9a-f]{64})\.(0|[1-9][0-9]{0,17})"
_ACTION = re.compile(_REF, re.ASCII)
_FENCES = re.compile(_REF + r"(?=\")", re.ASCII)
_CHOICE = re.compile(rf"({'|'.join(Choice)})\.{_REF}", re.ASCII)
_TASK = re.compile(r"t_[0-9A-Za-z_-]{1,60}", re.ASCII)
_PART = re.compile(r"(t_[0-9A-Za-z_-]{1,60})\.([0-9]{1,4})", re.ASCII)
_GRANT = re.compile(r"g_[0-9a-f]{12,60}", re.ASCII)
_FEEDBACK = re.compile(rf"({'|'.join(Feedback)})\.(t_[0-9A-Za-z_-]{{1,60}})", re.ASCII)


def action_value(ref: ActionRef) -> str:
    """What a button or `private_metadata` carries: the full proposal id and the fence, nothing else."""
    return f"{ref.proposal_id}.{ref.fence}"


def unfenced(text: str) -> str:
    """The same text without the fences in what its buttons carry."""
    return _FENCES.sub(r"\1", text)


def parse_action(value: str) -> ActionRef | None:
    """The claim in a button value or `private_metadata`; None for anything we would not have written."""
    found = _ACTION.fullmatch(value)
    return ActionRef(proposal_id=found[1], fence=int(found[2])) if found else None


def choice_value(choice: Choice, ref: ActionRef) -> str:
    """What an entry of the More menu carries."""
    return f"{choice}.{action_value(ref)}"


def parse_choice(value: str) -> tuple[Choice, ActionRef] | None:
    """The claim in an entry of the More menu; None for anything we would not have written."""
    found = _CHOICE.fullmatch(value)
    return (Choice(found[1]), ActionRef(proposal_id=found[2], fence=int(found[3]))) if found else None


def feedback_value(feedback: Feedback, task_id: str) -> str:
    """What a feedback button carries."""
    return f"{feedback}.{task_id}"


def parse_feedback(value: str) -> FeedbackRef | None:
    """The claim in a feedback button; None for anything we would not have written."""
    found = _FEEDBACK.fullmatch(value)
    return FeedbackRef(feedback=Feedback(found[1]), task_id=found[2]) if found else None


def parse_task(value: str) -> str | None:
    """The task a button claims to be about; None for anything we would not have written."""
    return value if _TASK.fullmatch(value) else None


def part_value(task_id: str, part: int) -> str:
    """What a Show more button carries: which part of which answer it shows."""
    return f"{task_id}.{part}"


def parse_part(value: str) -> tuple[str, int] | None:
    """The claim in a Show more button; None for anything we would not have written."""
    found = _PART.fullmatch(value)
    return (found[1], int(found[2])) if found else None


def parse_grant(value: str) -> str | None:
    """The grant a button claims to be about; None for anything we would not have written."""
    return value if _GRANT.fullmatch(value) else None
