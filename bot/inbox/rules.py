"""Pure: the rules brain. It knows a few whole messages; one sentence it does not know, and people read it."""

import re

from bot.inbox.plan import Plan, escalate
from bot.inbox.readable import readable
from bot.inbox.request import Request
from bot.inbox.topics import Topics

LONGEST = 400
"""characters of a message these rules understand; small talk is not longer"""
_END = re.compile(r"[.!?\n;]+")
_EDGE = " ,:-–()'\""


class InboxRules:
    """Deterministic: the same message is always planned the same way."""

    name = "rules"

    def __init__(self, topics: Topics) -> None:
        self._topics = topics

    async def suggest(self, request: Request) -> Plan:
        """The plan of the entry that covers every sentence, or an escalation."""
        if len(request.text) > LONGEST:
            return escalate("it is longer than the rules understand")
        lines = [" ".join(readable(line)[0].split()) for line in _END.split(request.text)]
        sentences = [line.strip(_EDGE) for line in lines if line.strip(_EDGE)]
        open_ones = [one for one in sentences if not any(c.fullmatch(one) for c in self._topics.courtesies)]
        if not open_ones:
            return escalate("no rule knows this kind of message")
        for entry in self._topics.entries:
            if all(any(s.fullmatch(one) for s in entry.sentences) for one in open_ones):
                return Plan(action=entry.action, text=entry.text, why=f"rule {entry.name!r} covers the whole message")
        return escalate("no rule knows this kind of message")
