"""The address of a message, as Slack's own "Copy link" gives it."""

from dataclasses import dataclass

from bot.slack.workspaces import Workspaces
from storage.records import Post, Task


def message_url(workspace: str, post: Post) -> str:
    """The permalink of a post in the workspace at this address (auth.test's `url`); "" while it is not posted."""
    return _url(workspace, post.channel, post.ts or "", post.thread_ts)


def _url(workspace: str, channel: str, ts: str, thread_ts: str) -> str:
    if not ts or not workspace:
        return ""
    url = f"{workspace.rstrip('/')}/archives/{channel}/p{ts.replace('.', '')}"
    inside = thread_ts and thread_ts != ts
    return f"{url}?thread_ts={thread_ts}&cid={channel}" if inside else url


@dataclass(frozen=True)
class Links:
    """Addresses of our posts, in whichever workspace they stand."""

    workspaces: Workspaces

    async def to(self, post: Post) -> str:
        us = await self.workspaces.about(post.tenant)
        return message_url(us.url, post) if us is not None else ""

    async def to_request(self, task: Task) -> str:
        """The message that asked for a task."""
        us = await self.workspaces.about(task.tenant)
        return _url(us.url, task.channel, task.request_ts, task.thread_ts) if us is not None else ""
