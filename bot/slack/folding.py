"""Where a long answer is cut short: what is read at a glance stays, the rest waits behind "Show more"."""

from bot.slack.fences import Scan
from bot.slack.page import Page, Text
from bot.slack.pending import Pending

SHORT = 4_000
"""characters that are always shown: about a screen"""
LONG = 6_000
"""from here on, any end of a line outside code will do, and from `WHATEVER` on any at all"""
WHATEVER = 8_000
LEAST = 800
"""characters that are worth a button; less is shown at once"""
_PART = 8_000
"""bytes shown by one press: one message"""


class Fold:
    """One run of words: passes its beginning on, and keeps the rest from the first good place to stop."""

    def __init__(self) -> None:
        self._passed, self._scan = "", Scan()
        self._held: list[str] = []

    def feed(self, text: str) -> str:
        """What of it is shown now. In pieces or at once, the same comes out."""
        if self._held:
            self._held.append(text)
            return ""
        at = self._place(text)
        shown, rest = (text, "") if at is None else (text[:at], text[at:])
        self._passed, self._scan = self._passed + shown, self._scan.feed(shown)
        if rest:
            self._held.append(rest)
        return shown

    def release(self) -> str:
        """What was kept back, for it is to be shown after all."""
        held, self._held = "".join(self._held), []
        self._passed, self._scan = "", Scan()
        return held

    @property
    def worth_it(self) -> bool:
        """Whether so much is kept back that it is better read when asked for."""
        return sum(map(len, self._held)) >= LEAST and bool("".join(self._held).strip())

    @property
    def closing(self) -> str:
        """What ends a code block that the fold cut."""
        return self._scan.closing

    def parts(self) -> tuple[str, ...]:
        """What was kept back, in messages that each read well by themselves."""
        found = []
        fence = self._scan.now
        page = Page(scan=self._scan, lead=fence.reopening if fence else "")
        pending = Pending()
        pending.add(Text(text="".join(self._held)))
        while True:
            batch = pending.take(page, cap=_PART, last=True)
            page.take(batch.parts)
            words = "".join(part.text for part in page.parts if isinstance(part, Text))
            if words.strip():
                found.append(words + page.closing)
            if not batch.full:
                return tuple(found)
            page = page.next()

    def _place(self, text: str) -> int | None:
        """Where the words that are shown end, when they end in this piece."""
        scan, at, whole = self._scan, 0, self._passed
        while (end := text.find("\n", at) + 1) > 0:
            scan, line = scan.feed(text[at:end]), text[at:end]
            whole += line
            at = end
            if len(whole) < SHORT:
                continue
            outside = scan.fence is None
            blank = whole.endswith("\n\n")
            if (outside and (blank or len(whole) >= LONG)) or len(whole) >= WHATEVER:
                return at
        return None
