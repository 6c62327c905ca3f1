"""People would rather look than read: a number over time that was asked for comes as a picture into the thread."""

from pathlib import Path

import pytest

from tests.scenarios.world import ANA, Message, a_world, everything


def _picture(messages: list[Message]) -> Message | None:
    return next((m for m in messages if any(b["type"] == "image" for b in m.get("blocks", ()))), None)


async def test_the_error_rate_of_the_last_hour_comes_as_a_picture_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a text for who cannot see it; the same thread without a request to look gets none."""
    async with a_world(tmp_path, monkeypatch.setenv) as world:
        thread = await world.ask("show me the error rate of the last hour", who=ANA)
        message = await world.see(lambda: _picture(world.thread(thread)), 60)
        await world.text(thread, "The picture is below", seconds=60)
        block = next(b for b in message["blocks"] if b["type"] == "image")
        kept = world.slack.office.files[block["slack_file"]["id"]]
        assert kept.content.startswith(b"\x89PNG")
        assert kept.mimetype == "image/png"
        assert "Line of checkout.error_rate" in block["alt_text"]
        assert " % at the end; highest " in block["alt_text"]
        assert len([m for m in world.thread(thread) if "image" in everything(m)]) == 1
        assert len(world.slack.office.files) == 1
