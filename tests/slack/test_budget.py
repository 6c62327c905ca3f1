"""Many streams, one workspace's limits."""

import asyncio
from itertools import pairwise

import pytest

from bot.slack.allowance import KeptForFirsts, SlidingWindow, TokenBucket
from bot.slack.budget import FairBudget
from bot.slack.opening import Mode
from bot.slack.pacing import Pace
from bot.slack.streaming import Delivered, StreamWriter
from tests.slack.memory_slack import MemorySlack
from tests.slack.virtual_time import run


def _busiest_minute(times: list[float]) -> int:
    return max((sum(1 for other in times if start <= other < start + 60.0) for start in times), default=0)


def _a_stream(slack: MemorySlack, pace: Pace, number: int, *, channel: str = "C1") -> StreamWriter:
    async def keep(ts: str) -> None:
        del ts

    return StreamWriter(
        slack,
        channel=channel,
        thread_ts=f"{number}.0",
        recipient_user_id="U1",
        recipient_team_id="T1",
        pace=pace,
        on_message=keep,
    )


async def _talk(writer: StreamWriter, *, seconds: float) -> None:
    for _ in range(int(seconds / 0.1)):
        writer.say("word ")
        await asyncio.sleep(0.1)
    await writer.close()


def _waits_for_first_words(slack: MemorySlack, begun: dict[str, float]) -> dict[str, float]:
    """Seconds from the first word said to the first word in Slack, for each thread."""
    threads = {ts: call for call, ts in zip(_starts(slack), slack.messages, strict=True)}
    first: dict[str, float] = {}
    for call in slack.calls:
        if call.method in ("chat.appendStream", "chat.stopStream") and call.args.get("chunks"):
            thread = threads[call.args["ts"]]
            first.setdefault(thread, call.at)
    return {thread: at - begun[thread] for thread, at in first.items()}


def _starts(slack: MemorySlack) -> list[str]:
    return [str(call.args["thread_ts"]) for call in slack.calls if call.method == "chat.startStream"]


def test_ten_streams_at_once_stay_within_the_limit_and_each_begins_at_once() -> None:
    """No 429 ever comes back, and nobody waits 3 s for first words."""

    async def scenario() -> None:
        slack, pace = MemorySlack(), Pace()
        begun = {f"{number}.0": asyncio.get_running_loop().time() for number in range(10)}
        await asyncio.gather(*(_talk(_a_stream(slack, pace, number), seconds=150) for number in range(10)))
        assert slack.too_many == []
        assert _busiest_minute(slack.times("chat.appendStream")) <= 100
        assert _busiest_minute(slack.times("chat.appendStream")) >= 60, "the budget is there to be used"
        waits = _waits_for_first_words(slack, begun)
        assert len(waits) == 10
        assert max(waits.values()) <= 3.0

    run(scenario())


def test_new_streams_begin_at_once_in_a_workspace_that_is_already_busy() -> None:
    """First words use a reserve that running streams cannot touch."""

    async def scenario() -> None:
        slack, pace = MemorySlack(), Pace()
        begun = {f"{number}.0": asyncio.get_running_loop().time() for number in range(5)}
        busy = [asyncio.create_task(_talk(_a_stream(slack, pace, number), seconds=120)) for number in range(5)]
        await asyncio.sleep(60.0)
        begun |= {f"{number}.0": asyncio.get_running_loop().time() for number in range(5, 10)}
        await asyncio.gather(*busy, *(_talk(_a_stream(slack, pace, number), seconds=30) for number in range(5, 10)))
        assert slack.too_many == []
        assert max(_waits_for_first_words(slack, begun).values()) <= 3.0

    run(scenario())


def test_the_twenty_first_stream_of_a_minute_is_posted_instead_of_waiting_for_the_next() -> None:
    """Slack begins 20 streams a minute; whoever asks then is answered in a message that is edited."""

    async def scenario() -> None:
        slack, pace = MemorySlack(), Pace()

        async def answer(number: int) -> Delivered:
            writer = _a_stream(slack, pace, number, channel=f"C{number}")
            writer.say("All is well.")
            await asyncio.sleep(5.0)
            return await writer.close()

        delivered = await asyncio.gather(*(answer(number) for number in range(21)))
        assert [one.mode for one in delivered].count(Mode.STREAM) == 20
        (posted,) = [one for one in delivered if one.mode is Mode.POSTS]
        assert slack.words(posted.ts[0]) == "All is well."
        first_edit = next(call.at for call in slack.calls if call.method == "chat.update")
        assert first_edit - slack.calls[0].at <= 3.0
        assert slack.too_many == []

    run(scenario())


def test_busy_streams_take_turns() -> None:
    """No stream waits much longer than another for its next words."""

    async def scenario() -> None:
        slack, pace = MemorySlack(), Pace()
        await asyncio.gather(*(_talk(_a_stream(slack, pace, number), seconds=100) for number in range(8)))
        counts: dict[str, int] = {}
        for call in slack.calls:
            if call.method == "chat.appendStream":
                counts[call.args["ts"]] = counts.get(call.args["ts"], 0) + 1
        assert max(counts.values()) - min(counts.values()) <= 2

    run(scenario())


def test_a_lone_stream_shows_words_about_every_four_tenths_of_a_second_while_the_burst_lasts() -> None:
    """Text is gathered between two flushes instead of being sent piece by piece."""

    async def scenario() -> None:
        slack = MemorySlack()
        await _talk(_a_stream(slack, Pace(), 1), seconds=3)
        gaps = [later - earlier for earlier, later in pairwise(slack.times("chat.appendStream"))]
        assert all(0.39 <= gap <= 0.6 for gap in gaps), gaps

    run(scenario())


def test_a_held_budget_lets_nobody_through_until_slack_said() -> None:
    """429 with Retry-After holds back every stream, not only the one that was told."""

    async def scenario() -> None:
        budget, loop = FairBudget(SlidingWindow(limit=100, seconds=60.0)), asyncio.get_running_loop()
        begun = loop.time()
        budget.hold(7.0)
        assert not budget.idle()
        await budget.turn(first=True)
        assert loop.time() - begun >= 7.0

    run(scenario())


def test_someone_who_stops_waiting_costs_nothing() -> None:
    """A cancelled wait leaves the queue, and the next in line is served."""

    async def scenario() -> None:
        budget = FairBudget(SlidingWindow(limit=1, seconds=10.0))
        await budget.turn()
        gone = asyncio.create_task(budget.turn())
        stays = asyncio.create_task(budget.turn())
        await asyncio.sleep(1.0)
        gone.cancel()
        await stays
        assert gone.cancelled()

    run(scenario())


@pytest.mark.parametrize("reserve", [0.0, 5.0])
def test_a_token_bucket_never_gives_more_than_its_limit_in_any_minute(reserve: float) -> None:
    """Burst plus refill is the limit, wherever the minute begins."""
    bucket, now = TokenBucket(per_minute=60.0, burst=20.0, reserve=reserve), 0.0
    taken: list[float] = []
    while now < 400.0:
        first = len(taken) % 5 == 0
        if (wait := bucket.wait(now, first=first)) > 0.0:
            now += max(wait, 0.001)
            continue
        bucket.take(now, first=first)
        taken.append(now)
    assert _busiest_minute(taken) <= 60


def test_first_calls_have_calls_of_their_own_and_all_stay_within_the_limit() -> None:
    """However many others there are: 17 cards are redrawn at once, in every minute."""
    allowance, now = KeptForFirsts(per_minute=49, kept=17, burst=12.0), 0.0
    taken: list[float] = []
    while now < 400.0:
        if allowance.wait(now, first=False) <= 0.0:
            allowance.take(now, first=False)
            taken.append(now)
        if int(now * 10) % 610 == 300:
            for _ in range(17):
                assert allowance.wait(now, first=True) == 0.0
                allowance.take(now, first=True)
                taken.append(now)
        now += 0.1
    assert _busiest_minute(taken) <= 49
    assert len(taken) > 6 * 17 + 6 * 19


def test_posts_go_out_once_a_second_in_a_channel_and_at_once_elsewhere() -> None:
    """chat.postMessage is limited for each channel by itself."""

    async def scenario() -> None:
        pace, loop = Pace(), asyncio.get_running_loop()
        begun = loop.time()
        for _ in range(3):
            async with pace.slot("chat.postMessage", "C1"):
                pass
        assert 2.0 <= loop.time() - begun <= 2.5
        before = loop.time()
        async with pace.slot("chat.postMessage", "C2"):
            pass
        assert loop.time() == before

    run(scenario())
