"""A long answer is short at first; with Show more people read all of it, once and in order."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.brains.base import JsonObject
from bot.slack import unfolding
from bot.slack.drawing import notice_card
from bot.slack.folding import LEAST, LONG, SHORT, WHATEVER, Fold
from bot.slack.presses import MorePress
from bot.slack.streaming import Delivered, StreamWriter
from storage import contents, posts, streams, tasks
from storage.db import Database
from storage.records import PostKind
from storage.streams import Unfolded
from tests.builders import TENANT, a_new_task
from tests.slack.memory_slack import Bad, MemorySlack
from tests.slack.reading import unread
from tests.slack.test_streaming import a_writer
from tests.slack.virtual_time import run

_WORDS = ["A sentence of some length. " * 20, "```sql\n", "```\n", "select 1;\n" * 60, "\n\n", "- a point\n"]
PIECES = st.lists(st.sampled_from(_WORDS), max_size=80)


def _more(left: int) -> list[JsonObject]:
    return [{"type": "divider", "block_id": f"more.{left}"}]


def _folding(slack: MemorySlack) -> StreamWriter:
    writer = a_writer(slack)
    writer._folds = True
    return writer


async def _tell(slack: MemorySlack, pieces: Sequence[str], *, more: bool = True) -> Delivered:
    writer = _folding(slack)
    for piece in pieces:
        writer.say(piece)
    return await writer.close(more=_more if more else None)


@given(pieces=PIECES, plan=st.lists(st.sampled_from(Bad), max_size=10))
@settings(deadline=None, max_examples=100)
def test_what_is_shown_and_what_is_folded_are_the_text(pieces: list[str], plan: list[Bad]) -> None:
    """Whatever the text, its pieces and the faults; and the fold does not depend on how the text came."""

    async def scenario() -> None:
        slack = MemorySlack(plan=list(plan))
        delivered = await _tell(slack, pieces)
        text = "".join(pieces)
        shown = [slack.words(ts) for ts in slack.messages]
        left = unread(text, [*shown, delivered.undelivered, *delivered.folded])
        assert not left.strip(), f"never to be read: {left[:200]!r}"
        at_once = Fold()
        at_once.feed(text)
        if at_once.worth_it:
            assert delivered.folded == at_once.parts()
            assert delivered.unfolded is not None
            last = str(delivered.unfolded["ts"])
            drawn = {"channel": "C1", "ts": last, "text": delivered.unfolded["text"], "metadata": None}
            was, slack.plan = slack.words(last), []
            await slack.chat_update(**drawn, blocks=delivered.unfolded["blocks"])  # type: ignore[arg-type]
            assert slack.words(last) == was and "more." not in str(slack.messages[last].blocks)
            assert SHORT <= len(text) - sum(map(len, at_once._held)) < WHATEVER + 700
        else:
            assert delivered.folded == ()

    run(scenario())


@pytest.mark.parametrize(
    ("text", "folds"),
    [
        ("A line.\n\n" * (SHORT // 9), False),
        ("A line.\n\n" * ((SHORT + LEAST - 100) // 9), False),
        ("A line.\n\n" * ((SHORT + 2 * LEAST) // 9), True),
        ("- a point\n" * ((LONG - 100) // 10), False),
        ("- a point\n" * ((LONG + 2 * LEAST) // 10), True),
    ],
)
def test_only_what_people_would_scroll_past_is_folded(text: str, folds: bool) -> None:
    async def scenario() -> None:
        delivered = await _tell(MemorySlack(), [text])
        assert bool(delivered.folded) is folds

    run(scenario())


def test_words_before_a_step_and_of_a_task_that_goes_on_are_never_folded() -> None:
    """A card stands below what led to it; Stop keeps what was said."""

    async def scenario() -> None:
        long = "A sentence of some length.\n\n" * 400
        slack = MemorySlack()
        writer = _folding(slack)
        writer.say(long)
        writer.task("t1", "Look at the disk", "complete")
        writer.say("Full.")
        delivered = await writer.close(more=_more)
        assert not unread(long + "Full.", [slack.words(ts) for ts in slack.messages]).strip()
        assert delivered.folded == ()
        stopped = MemorySlack()
        assert (await _tell(stopped, [long], more=False)).folded == ()
        assert not unread(long, [stopped.words(ts) for ts in stopped.messages]).strip()

    run(scenario())


async def test_a_part_is_taken_out_once_and_in_order(db: Database) -> None:
    above: JsonObject = {"ts": "1.0", "text": "zero", "blocks": []}
    async with db.write() as tx:
        task = await tasks.create(tx, a_new_task())
        stretch = await streams.begin(tx, task, owner="w", lease=60)
        await streams.end(tx, task, stretch, owner="w", upto=3, folded=["one", "three"], unfolded=above)
    async with db.write() as tx:
        assert await streams.unfold(tx, TENANT, task.id, 1) is None
        assert await streams.unfold(tx, TENANT, task.id, 0) == Unfolded(words="one", left=5, above=above)
        assert await streams.unfold(tx, TENANT, task.id, 0) is None
        assert await streams.unfold(tx, "T0OTHER", task.id, 1) is None
        assert await streams.unfold(tx, TENANT, task.id, 1) == Unfolded(words="three", left=0, above=None)
        assert await streams.unfold(tx, TENANT, task.id, 2) is None


async def test_a_second_press_is_told_where_the_answer_stands_and_a_late_one_that_it_is_gone(db: Database) -> None:
    """Not "below" of words that are no longer kept."""
    async with db.write() as tx:
        task = await tasks.create(tx, a_new_task())
        stretch = await streams.begin(tx, task, owner="w", lease=60)
        await streams.end(tx, task, stretch, owner="w", upto=3, folded=["one", "two"])
    press = MorePress(tenant=TENANT, who="U1", channel=task.channel, thread_ts="1.0", task_id=task.id, part=0)
    assert await unfolding.show_more(db, press) == ""
    assert "stands below" in await unfolding.show_more(db, press)
    async with db.write() as tx:
        await contents.drop_words(tx, task)
    assert "no longer kept" in await unfolding.show_more(db, replace(press, part=1))
    assert "no longer kept" in await unfolding.show_more(db, replace(press, channel="C0OTHER"))


@pytest.mark.parametrize("replaced", [False, True])
async def test_the_message_of_a_button_is_redrawn_but_not_over_the_word_that_it_is_replaced(
    db: Database, replaced: bool
) -> None:
    above: JsonObject = {"ts": "1.5", "text": "zero", "blocks": [{"type": "divider"}]}
    async with db.write() as tx:
        task = await tasks.create(tx, a_new_task())
        stretch = await streams.begin(tx, task, owner="w", lease=60)
        await streams.end(tx, task, stretch, owner="w", upto=3, folded=["one"], unfolded=above)
        if replaced:
            subject = f"replaced:{task.id}:1.5"
            await posts.want(tx, tenant=TENANT, kind=PostKind.REPLACED, subject=subject, channel=task.channel, ts="1.5")
    press = MorePress(tenant=TENANT, who="U1", channel=task.channel, thread_ts="1.0", task_id=task.id, part=0)
    assert await unfolding.show_more(db, press) == ""
    async with db.read() as tx:
        redrawn = await posts.showing(tx, TENANT, f"more:{task.id}:-1")
        assert [post.ts for post in redrawn] == ([] if replaced else ["1.5"])
        assert all(notice_card(post).blocks == ({"type": "divider"},) for post in redrawn)
