"""Request → Plan. Rules, then the brain, then rules about what it said: the last word is never a model's."""

import re
from typing import Protocol

from bot.agent.definition import AgentDefinition
from bot.inbox.plan import ALLOWED, LONGEST_TEXT, WITH_TEXT, Action, Plan, escalate
from bot.inbox.readable import foreign, readable
from bot.inbox.request import Request
from bot.inbox.topics import Topics
from policy.redaction import Redactor

LONGEST = 8000
"""characters of a request that is planned at all; a person skims the rest better"""
PERSONAL = frozenset({"phone", "email"})
"""masked by redaction too, but no secrets: a signature may hold them"""
QUOTED = 8
"""words in a row that a reply may not share with the charter or the prompt"""
_LINK = re.compile(r"[a-z][a-z0-9+.-]*://|www\.|\]\(|<|&[a-z#]|@(?:channel|here|everyone)", re.IGNORECASE)


class Suggests(Protocol):
    """A brain of this worker: rules or a model."""

    name: str

    async def suggest(self, request: Request) -> Plan:
        """What it would do; never raises."""
        ...


class Planner:
    """Plans requests. What it gives is always allowed, or an escalation; text in it is always clean."""

    def __init__(self, *, topics: Topics, brain: Suggests, agent: AgentDefinition, redactor: Redactor) -> None:
        self.brain = brain
        self._topics = topics
        self._redactor = redactor
        self._own_words = _runs(" ".join([*agent.charter, agent.prompt]))

    async def plan(self, request: Request) -> Plan:
        """What to do about this request."""
        if (why := self.barred(request)) != "":
            return escalate(why)
        return self.checked(await self.brain.suggest(request))

    def barred(self, request: Request) -> str:
        """Why people must decide whatever a brain would say; "" when a brain may be asked."""
        text = request.text
        if not request.body.strip() and not request.subject.strip():
            return "it is empty"
        if len(text) > LONGEST:
            return f"it has {len(text)} characters; more than {LONGEST} are for people"
        if self._secrets(text) - PERSONAL or self._secrets(request.sender) - PERSONAL:
            return "it holds a secret"
        if foreign(text):
            return "it is written in letters the rules cannot read"
        if touched := self._topics.touched(readable(text)):
            return f"it is about {', '.join(touched)}"
        return ""

    def checked(self, plan: Plan) -> Plan:
        """The plan, if it may be carried out; otherwise an escalation that says what is wrong with it."""
        clean = self._redactor.text(plan.why).text[:300]
        if plan.action is Action.ESCALATE:
            return escalate(clean, trouble=self._redactor.text(plan.trouble).text, untrusted=plan.untrusted)
        if plan.action not in ALLOWED:
            return escalate(f"{plan.action.value!r} is not on the list of what this worker does")
        wrong = self._wrong(plan.text) if plan.action in WITH_TEXT else ""
        if wrong:
            return escalate(
                f"the suggested text {wrong}", trouble=f"a suggested text {wrong}" if plan.untrusted else ""
            )
        text = plan.text.strip() if plan.action in WITH_TEXT else ""
        return Plan(action=plan.action, text=text, why=clean, untrusted=plan.untrusted, trouble=plan.trouble)

    def _wrong(self, text: str) -> str:
        if not text.strip():
            return "is empty"
        if len(text) > LONGEST_TEXT:
            return f"is longer than {LONGEST_TEXT} characters"
        if self._secrets(text):
            return "holds a secret or personal data"
        if foreign(text):
            return "is written in letters the rules cannot read"
        if _LINK.search(text):
            return "holds a link, mark-up or a call to everyone"
        if self._own_words & _runs(text):
            return "quotes the worker's own instructions"
        if touched := self._topics.touched(readable(text)):
            return f"is about {', '.join(touched)}"
        return ""

    def _secrets(self, text: str) -> set[str]:
        return set(self._redactor.text(text).found)


def _runs(text: str) -> frozenset[tuple[str, ...]]:
    words = re.findall(r"[a-z0-9]+", text.lower())
    return frozenset(tuple(words[at : at + QUOTED]) for at in range(len(words) - QUOTED + 1))
