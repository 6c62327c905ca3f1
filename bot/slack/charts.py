"""Pictures of our messages: uploaded once for each message, shown in it, shared nowhere else."""

from dataclasses import dataclass

import structlog
from slack_sdk.errors import SlackApiError

from bot.schedules import chart
from bot.schedules.autonomy import AutonomyView
from bot.slack.workspaces import Workspaces
from storage import posts
from storage.db import Database
from storage.records import Post

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Charts:
    """Uploads charts. Without the scope for it, or without matplotlib, digests come without one."""

    db: Database
    workspaces: Workspaces

    async def of(self, post: Post, view: AutonomyView) -> str:
        """The id of this message's chart in Slack; "" when there is nothing to draw, or no way to."""
        if known := str(post.body.get("chart", "")):
            return known
        if view.empty:
            return ""
        try:
            png = await chart.draw(view)
            answer = await self.workspaces.client(post.tenant).files_upload_v2(
                content=png,
                filename="autonomy.png",
                title="How the week went",
                alt_txt=chart.alt_text(view)[:1_000],
            )
            file_id = str(answer["files"][0]["id"])
        except (chart.ChartFailed, SlackApiError, OSError) as error:
            _log.warning("a digest goes without its chart", why=str(error)[:300])
            return ""
        async with self.db.write() as tx:
            await posts.keep(tx, post, chart=file_id)
        return file_id
