"""What people type becomes what Slack stores."""

import pytest

from bot.demo.slack import mentions
from bot.demo.slack.workspace import demo_workspace


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("@autopilot look", "<@U0PILOT> look"),
        ("<@U0PILOT> look", "<@U0PILOT> look"),
        ("ask @sre-leads in #ops.", "ask <!subteam^S0SRELEADS|@sre-leads> in <#C0OPS|ops>."),
        ("mail ana@dana.example", "mail ana@dana.example"),
        ("a < b & c", "a &lt; b &amp; c"),
        ("@nobody", "@nobody"),
        ("see <https://x.example/a?b=1&c=2|this>", "see <https://x.example/a?b=1&c=2|this>"),
    ],
)
def test_names_become_ids_and_the_rest_is_escaped(typed: str, stored: str) -> None:
    assert mentions.encode(demo_workspace(), typed) == stored
