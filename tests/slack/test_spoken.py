"""The same words after a mention as after the command: what means one is one, and what asks for work stays work."""

import pytest

from bot.slack.cards.tasks import HELP, Word
from bot.slack.spoken import spoken


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("help", (Word.HELP, "")),
        ("Stop!", (Word.STOP, "")),
        ("halt", (Word.HALT, "")),
        ("halt deploys have gone mad", (Word.HALT, "deploys have gone mad")),
        ("HALT: deploys\nhave gone mad", (Word.HALT, "deploys\nhave gone mad")),
        ("lift: found it", (Word.LIFT, "found it")),
        ("lift because it is found", (Word.LIFT, "it is found")),
        ("lift the limit of checkout", None),
        ("grant `9f2c1a2b3c4d` 5 30", (Word.GRANT, "`9f2c1a2b3c4d` 5 30")),
        ("grant Kim access to the dashboard", None),
        ("grants", (Word.GRANTS, "")),
        ("revoke g_12ab34cd56ef", (Word.REVOKE, "g_12ab34cd56ef")),
        ("revoke the token of Kim", None),
        ("raise shop.set_flag we looked at it", (Word.RAISE, "shop.set_flag we looked at it")),
        ("raise the limit", None),
        ("settings workspace", (Word.SETTINGS, "workspace")),
        ("settings of the shop?", None),
        ("consent Withdraw.", (Word.CONSENT, "withdraw")),
        ("hand it over to <@U0DANA>.", (Word.HAND, "<@U0DANA>")),
        ("hand", None),
        ("stop the rollout of checkout", None),
        ("status of checkout?", None),
        ("what is going on?", None),
        ("", None),
    ],
)
def test_a_word_after_a_mention(text: str, means: tuple[Word, str] | None) -> None:
    assert spoken(f"<@U0PILOT> {text}") == means
    assert spoken(text) == means, "in a direct message nobody mentions it"


def test_every_word_of_the_help_can_be_said_in_a_thread() -> None:
    """ "ask" alone is left: whatever else is said to the bot asks."""
    more = {
        Word.GRANT: " 9f2c1a2b3c4d",
        Word.REVOKE: " g_12ab34cd56ef",
        Word.RAISE: " shop.set_flag why",
        Word.HAND: " to <@U0DANA>",
    }
    said = {word: spoken(f"<@U0PILOT> {word}{more.get(word, '')}") for word in HELP}
    assert {word for word, found in said.items() if found is None or found[0] is not word} == {Word.ASK}
