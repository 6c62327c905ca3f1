"""What a person reads: messages in order, without the marks that close and reopen a cut code block."""

from collections.abc import Iterator, Sequence

from bot.slack.fences import Scan


def unread(text: str, messages: Sequence[str]) -> str:
    """The end of `text` that the messages do not hold.

    Raises: AssertionError when they hold anything else, anything twice, or anything out of order.
    """
    places = {0}
    for number, words in enumerate(messages):
        if words:
            begins = {begin for place in places for begin in range(place, _after_blanks(text, place) + 1)}
            after = {end for place in begins for end in _read(text, place, words)}
            rests = [text[place : place + 200] for place in sorted(places)]
            assert after, f"message {number} is not what comes next: {words[:300]!r} instead of {rests!r}"
            places = after
    return text[max(places) :]


def _after_blanks(text: str, place: int) -> int:
    """Nobody sees the blanks between two messages."""
    return len(text) - len(text[place:].lstrip())


def _read(text: str, place: int, words: str) -> Iterator[int]:
    """Where a reader of `text` stands after one more message; marks may be part of the text or added."""
    scan = Scan().feed(text[:place])
    starts = [words]
    if scan.now is not None and words.startswith(scan.now.reopening):
        starts.append(words.removeprefix(scan.now.reopening))
    for start in starts:
        if text.startswith(start, place):
            yield place + len(start)
        mark = start.rsplit("\n", 1)[-1]
        for added in (f"\n{mark}", mark):
            end = start.removesuffix(added)
            if mark and set(mark) <= {"`", "~"} and end != start and text.startswith(end, place):
                fence = scan.feed(end).now
                if fence is not None and fence.mark == mark:
                    yield place + len(end)
