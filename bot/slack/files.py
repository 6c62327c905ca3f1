"""Reads small text files that people attach. The token goes to Slack's own file server and nowhere else."""

from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.lifecycle.ports import Attachment
from bot.slack.workspaces import Workspaces

MOST_BYTES = 200_000
_HOST = "files.slack.com"
_KINDS = frozenset(
    {"application/json", "application/x-ndjson", "application/xml", "application/yaml", "application/x-yaml"}
)
_ENDINGS = frozenset(
    ("txt", "log", "csv", "tsv", "json", "jsonl", "ndjson", "yaml", "yml", "md", "conf", "ini", "toml", "sql", "xml")
)
_WHY = {
    "missing_scope": "I may not read files here; an admin can grant `files:read`",
    "file_not_found": "it is gone",
    "file_deleted": "it is gone",
}


@dataclass(frozen=True, kw_only=True)
class SlackFiles:
    """Files in Slack."""

    workspaces: Workspaces

    async def read(self, tenant: str, file_id: str, *, name: str, kind: str, size: int) -> Attachment:
        """What stands in a small text file; or why that is not known."""
        if not _is_text(name, kind):
            return Attachment(why="I read text files only")
        if size > MOST_BYTES:
            return Attachment(why=f"it has more than {MOST_BYTES // 1000} kB")
        client = self.workspaces.client(tenant)
        try:
            about = (await client.files_info(file=file_id))["file"]
        except SlackApiError as error:
            return Attachment(why=_WHY.get(str(error.response["error"]), "Slack did not give it to me"))
        url = str(about.get("url_private_download") or about.get("url_private") or "")
        if about.get("mode") == "external" or not _is_slacks(url, client.base_url):
            return Attachment(why="it is not kept in Slack")
        try:
            return await _fetched(client, url)
        except (aiohttp.ClientError, TimeoutError):
            return Attachment(why="Slack did not give it to me")


def _is_text(name: str, kind: str) -> bool:
    ending = PurePosixPath(name).suffix.removeprefix(".").lower()
    return kind.startswith("text/") or kind in _KINDS or ending in _ENDINGS


def _is_slacks(url: str, api: str) -> bool:
    """Whether an address is the file server of the Slack that we call."""
    found, ours = urlsplit(url), urlsplit(api)
    if ours.hostname == "slack.com":
        return found.scheme == "https" and found.netloc == _HOST
    return (found.scheme, found.netloc) == (ours.scheme, ours.netloc)


async def _fetched(client: AsyncWebClient, url: str) -> Attachment:
    session = client.session
    assert session is not None  # every client of ours shares one
    headers = {"Authorization": f"Bearer {client.token}"}
    async with session.get(url, headers=headers, allow_redirects=False, proxy=client.proxy) as answer:
        if answer.status != 200:  # Slack sends whoever may not read it to its login page
            return Attachment(why="Slack did not give it to me")
        content = await answer.content.read(MOST_BYTES + 1)
        while len(content) <= MOST_BYTES and (more := await answer.content.read(MOST_BYTES + 1 - len(content))):
            content += more
    if len(content) > MOST_BYTES:
        return Attachment(why=f"it has more than {MOST_BYTES // 1000} kB")
    try:
        return Attachment(text=content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return Attachment(why="it is not UTF-8 text")
