"""Where a text is cut, and what is known about open code blocks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.fences import Scan
from bot.slack.splitting import clip, cut, size

_TEXT = st.lists(
    st.one_of(st.sampled_from(["```py\n", "```\n", "~~~", "\n", "Well. ", "x ", "é"]), st.text(max_size=30))
).map("".join)


@given(_TEXT, st.integers(min_value=0, max_value=60))
def test_a_cut_always_fits_and_moves_on_when_a_letter_fits(text: str, room: int) -> None:
    """Never too long, and no endless loop of empty messages."""
    count = cut(text, room, Scan())
    assert size(text[:count]) <= room
    assert count > 0 or not text or size(text[0]) > room


@given(_TEXT, _TEXT)
def test_a_scan_in_pieces_comes_to_the_same(one: str, two: str) -> None:
    """Streams arrive in pieces."""
    assert Scan().feed(one).feed(two) == Scan().feed(one + two)


@pytest.mark.parametrize(
    ("text", "room", "head"),
    [
        ("First part.\n\nSecond part. And more words", 34, "First part.\n\nSecond part. "),
        ("First part is longer.\n\nSecond. And more", 36, "First part is longer.\n\n"),
        ("no sentence ends here at all", 20, "no sentence ends "),
        ("aaaaaaaaaaaaaaaaaaaa", 7, "aaaaaaa"),
        ("Some words before it\n```py\nx = 1\ny = 2\n```\n", 36, "Some words before it\n"),
        ("```py\nx = 1\ny = 2\nz = 3\n```\n", 20, "```py\nx = 1\ny = 2\n"),
        ("ééééé", 5, "éé"),
        ("ab" + "e\u0301" * 3, 4, "ab"),
        ("ab" + "\U0001f44d\U0001f3fd", 8, "ab"),
        ("ab" + "\U0001f1e9\U0001f1ea", 8, "ab"),
        ("ab" + "\u0915\u0940", 7, "ab"),
        ("ab\r\ncd", 3, "ab"),
        ("words before [the whole link](https://example.com/a)", 30, "words before "),
        ("words before `some long code span` after", 28, "words before "),
        ("words before <https://example.com/a?b=c|the name>", 24, "words before "),
        ("How it is: so.\n| a | b. c |\n|---|---|\n| 1 | 2 |\n", 30, "How it is: so.\n"),
        ("| a | b. c |\n|---|---|\n| 1 | 2. 3 |\n| 4 | 5. 6 |\n", 44, "| a | b. c |\n|---|---|\n| 1 | 2. 3 |\n"),
        (
            "\u0645\u0631\u062d\u0628\u0627\u061f \u0643\u064a\u0641 \u062d\u0627\u0644",
            22,
            "\u0645\u0631\u062d\u0628\u0627\u061f ",
        ),
    ],
)
def test_the_best_border_wins(text: str, room: int, head: str) -> None:
    """Paragraph, then sentence, then line of code, then word, then letter."""
    assert text[: cut(text, room, Scan())] == head


@pytest.mark.parametrize(
    ("text", "closing"),
    [
        ("plain", ""),
        ("```py\nx", "\n```"),
        ("```py\nx\n", "```"),
        ("```py\nx\n```", ""),
        ("````\n```\n", "````"),
        ("~~~\n```\n", "~~~"),
        ("a ```py\nx", ""),
    ],
)
def test_an_open_block_is_known_by_its_own_mark(text: str, closing: str) -> None:
    """A shorter or different mark inside does not close it."""
    assert Scan().feed(text).closing == closing


@given(st.text(max_size=600))
def test_a_clipped_text_is_short_and_says_so(text: str) -> None:
    """Slack refuses more than 256 characters in a step."""
    clipped = clip(text)
    assert len(clipped) <= 256
    assert clipped == text.strip() or clipped.endswith("…")
