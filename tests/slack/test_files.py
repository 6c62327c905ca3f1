"""The token that reads files goes to Slack's own file server, and nowhere else."""

import pytest

from bot.slack.files import _is_slacks

SLACK = "https://slack.com/api/"


@pytest.mark.parametrize(
    ("url", "api", "ours"),
    [
        ("https://files.slack.com/files-pri/T1-F1/a.log", SLACK, True),
        ("http://files.slack.com/files-pri/T1-F1/a.log", SLACK, False),
        ("https://files.slack.com.evil.example/a.log", SLACK, False),
        ("https://files.slack.com@evil.example/a.log", SLACK, False),
        ("https://drive.example.com/a.log", SLACK, False),
        ("", SLACK, False),
        ("http://127.0.0.1:8765/files-pri/F1/a.log", "http://127.0.0.1:8765/api/", True),
        ("http://127.0.0.1:8766/files-pri/F1/a.log", "http://127.0.0.1:8765/api/", False),
    ],
)
def test_only_slacks_file_server_is_asked(url: str, api: str, ours: bool) -> None:
    assert _is_slacks(url, api) is ours
