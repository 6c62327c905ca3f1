"""The address of a message, as Slack's own "Copy link" gives it."""

from dataclasses import dataclass

from bot.slack.workspaces import Workspaces
from storage.records import Post


def message_url(workspace: str, post: Post) -> str:
    """The permalink of a post in the workspace at this address (auth.test's `url`); "" while it is not posted."""
    if post.ts is None or not workspace:
        return ""
    url = f"{workspace.rstrip('/')}/archives/{post.channel}/p{post.ts.replace('.', '')}"
    inside = post.thread_ts and post.thread_ts != post.ts
    return f"{url}?thread_ts={post.thread_ts}&cid={post.channel}" if inside else url


@dataclass(frozen=True)
class Links:
    """Addresses of our posts, in whichever workspace they stand."""

    workspaces: Workspaces

    async def to(self, post: Post) -> str:
        us = await self.workspaces.about(post.tenant)
        return message_url(us.url, post) if us is not None else ""
