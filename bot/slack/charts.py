"""Pictures of our messages: uploaded once for each message, shown in it, shared nowhere else."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog
from slack_sdk.errors import SlackApiError

from bot.lifecycle.series import Series
from bot.schedules import chart
from bot.schedules.autonomy import AutonomyView
from bot.slack import series_chart
from bot.slack.workspaces import Workspaces
from storage import posts
from storage.db import Database
from storage.records import Post

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Charts:
    """Uploads charts. Without the scope for it, or without matplotlib, messages come without one."""

    db: Database
    workspaces: Workspaces

    async def of(self, post: Post, view: AutonomyView) -> str:
        """The id of this message's chart in Slack; "" when there is nothing to draw, or no way to."""
        if view.empty:
            return ""
        said = chart.alt_text(view)
        return await self._once(post, lambda: chart.draw(view), "autonomy.png", "How the week went", said)

    async def of_series(self, post: Post, series: Series) -> str:
        """The same for a number over time."""
        said = series_chart.alt_text(series)
        return await self._once(post, lambda: series_chart.draw(series), "series.png", series.name, said)

    async def _once(
        self, post: Post, draw: Callable[[], Awaitable[bytes]], filename: str, title: str, said: str
    ) -> str:
        if known := str(post.body.get("chart", "")):
            return known
        try:
            answer = await self.workspaces.client(post.tenant).files_upload_v2(
                content=await draw(), filename=filename, title=title, alt_txt=said[:1_000]
            )
            file_id = str(answer["files"][0]["id"])
        except (chart.ChartFailed, SlackApiError, OSError) as error:
            _log.warning("a message goes without its picture", why=str(error)[:300])
            return ""
        async with self.db.write() as tx:
            await posts.keep(tx, post, chart=file_id)
        return file_id
