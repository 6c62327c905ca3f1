"""The process that draws: of the bot it gets what to draw, and nothing else."""

from pathlib import Path

import pytest

from bot.schedules.chart import ChartFailed, in_child


async def test_who_draws_sees_nothing_of_the_bots_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tells_all.py").write_text("import os, sys; sys.exit(' '.join(sorted(os.environ)))")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-the-bots-own")
    with pytest.raises(ChartFailed) as failed:
        await in_child("tells_all", "{}")
    assert "PYTHONPATH" in str(failed.value)
    assert "SLACK_BOT_TOKEN" not in str(failed.value)
