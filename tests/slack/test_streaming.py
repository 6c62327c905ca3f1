"""What people end up reading is the text, once, in order."""

import asyncio
from collections.abc import Sequence

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.slack.opening import Mode
from bot.slack.pacing import Pace
from bot.slack.streaming import Delivered, StreamWriter
from tests.slack.memory_slack import Bad, MemorySlack
from tests.slack.reading import unread
from tests.slack.virtual_time import run

_WORDS = st.sampled_from(
    [
        "Hello. ",
        "the disk is full ",
        "\n\n",
        "\n",
        "```python\n",
        "```\n",
        "`",
        "~~~\n",
        "x = 1\n",
        "é🙂",
        " ",
        "a" * 300,
    ]
)
_TEXTS = st.lists(st.one_of(_WORDS, st.text(max_size=40)), max_size=60)
_LONG_TEXTS = st.lists(
    st.sampled_from(
        ["A sentence of some length. " * 20, "word " * 90, "```sql\n", "```\n", "select 1;\n" * 60, "\n\n"]
    ),
    max_size=60,
)
_PLANS = st.lists(st.sampled_from(Bad), max_size=25)
_PAUSES = st.lists(st.sampled_from([0.0, 0.01, 0.3, 2.0, 70.0]), min_size=1, max_size=8)


async def nothing(ts: str) -> None:
    del ts


def a_writer(
    slack: MemorySlack, pace: Pace | None = None, *, thread: str = "1.0", patience: float = 1e9
) -> StreamWriter:
    return StreamWriter(
        slack,
        channel="C1",
        thread_ts=thread,
        recipient_user_id="U1",
        recipient_team_id="T1",
        pace=pace or Pace(),
        on_message=nothing,
        patience=patience,
    )


async def _tell(writer: StreamWriter, pieces: Sequence[str], pauses: Sequence[float], *, cards: bool) -> Delivered:
    for number, piece in enumerate(pieces):
        writer.say(piece)
        if cards and number % 4 == 1:
            writer.task(f"t{number}", "Look at the disk", "in_progress", details="df -h")
        if cards and number % 4 == 3:
            writer.task(f"t{number - 2}", "Looked at the disk", "complete", output="full")
        if pause := pauses[number % len(pauses)]:
            await asyncio.sleep(pause)
    for number in range(1, len(pieces), 4):
        if cards:
            writer.task(f"t{number}", "Looked at the disk", "complete", output="full")
    return await writer.close()


def _check(slack: MemorySlack, pieces: Sequence[str], pauses: Sequence[float], *, cards: bool) -> Delivered:
    async def scenario() -> Delivered:
        delivered = await _tell(a_writer(slack), pieces, pauses, cards=cards)
        text = "".join(pieces)
        left = unread(text, [slack.words(ts) for ts in slack.messages])
        assert not left.strip(), f"never arrived: {left[:200]!r}"
        assert delivered.undelivered == "" or delivered.undelivered.isspace()
        assert not slack.live()
        shown = slack.cards()
        if cards and delivered.mode is Mode.STREAM:
            assert sorted(shown) == sorted((f"t{number}", "complete") for number in range(1, len(pieces), 4))
        return delivered

    return run(scenario())


@given(pieces=st.one_of(_TEXTS, _LONG_TEXTS), pauses=_PAUSES, plan=_PLANS, cards=st.booleans())
@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])
def test_people_read_the_text_once_and_in_order(
    pieces: list[str], pauses: list[float], plan: list[Bad], cards: bool
) -> None:
    """Whatever the text, its pieces, the clock and the faults."""
    _check(MemorySlack(plan=list(plan)), pieces, pauses, cards=cards)


@given(pieces=st.one_of(_TEXTS, _LONG_TEXTS), pauses=_PAUSES, plan=_PLANS)
@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
def test_people_read_the_same_where_slack_does_not_stream(
    pieces: list[str], pauses: list[float], plan: list[Bad]
) -> None:
    """The fallback keeps the same promise."""
    _check(MemorySlack(plan=list(plan), streams_here=False), pieces, pauses, cards=False)
