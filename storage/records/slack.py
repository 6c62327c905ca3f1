"""Which Slack message shows what."""

from dataclasses import dataclass
from enum import StrEnum

from storage.records.values import JsonObject


class PostKind(StrEnum):
    CARD = "card"
    STREAM = "stream"
    """a streamed message a worker is (or was) writing"""
    NOTICE = "notice"
    DIGEST = "digest"
    PICTURE = "picture"
    """a number over time that people asked to look at"""
    REPLACED = "replaced"
    """a streamed message whose answer was asked for again"""
    SESSION = "session"
    """no message: what Slack says of the work in a thread"""
    CONSENT = "consent"
    """a question that one person sees"""


@dataclass(frozen=True, kw_only=True)
class Post:
    """One Slack message of ours: which one shows what, and whether it shows the newest."""

    id: str
    tenant: str
    task_id: str | None
    kind: PostKind
    subject: str
    channel: str
    thread_ts: str
    ts: str | None
    wanted: int
    shown: int
    sending: bool
    """a send was begun and its answer never seen: look for it before sending again"""
    attempt: int
    body: JsonObject
    created_at: float
