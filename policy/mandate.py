"""Which changes a request implies, found from the words of trusted people alone, before anything else is read.

What a request does not imply is denied without a card: asking more does not protect a tired person. Whoever asked can
widen it by saying so, and narrow it the same way; the newest words count.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from policy.clauses import clauses, denies, hands_off, only_asks, ordering, sentences, stem, stems, takes_back
from policy.provenance import Origin, says

OFF_PLAN: Final = "builtin:off-plan"

_ALIKE: Final = (
    ("set", "change", "update", "adjust", "configure", "put", "switch", "turn", "flip"),
    ("restart", "reboot", "bounce", "recycle"),
    ("enable", "disable", "toggle", "turn", "switch", "flip"),
    ("limit", "throttle", "cap", "lift"),
    ("cancel", "kill", "stop", "abort", "terminate", "end"),
    ("delete", "remove", "drop", "destroy", "purge", "erase", "clean"),
    ("create", "add", "make", "build", "open"),
    ("scale", "resize", "grow", "shrink"),
    ("deploy", "release", "ship", "rollout"),
    ("rollback", "revert", "undo", "restore"),
    ("send", "post", "write", "message", "mail", "email", "tell", "notify", "reply", "answer"),
    ("apply", "set", "put"),
    ("run", "execute", "start", "trigger", "launch"),
    ("rebuild", "reindex"),
    ("grant", "give", "allow", "invite"),
    ("revoke", "take", "remove"),
    ("rotate", "renew", "refresh", "replace"),
    ("merge", "close", "assign", "approve"),
    ("move", "transfer", "migrate", "copy", "pay", "refund", "credit", "void", "book", "reserve", "cancel"),
)
_VERBS: Final = {stem(word): {stem(other) for other in group} for group in _ALIKE for word in group}
for _group in _ALIKE:  # a word of two groups means both
    for _word in _group:
        _VERBS[stem(_word)] |= {stem(other) for other in _group}
_SMALL: Final = frozenset({"it", "its", "the", "a", "an", "of", "to", "in", "for", "and", "at", "by", "this", "that"})
_IDENTIFIER: Final = re.compile(
    r"`([^`\s]+)`|(?<![\w.-])([A-Za-z0-9]+(?:[-_./@:][A-Za-z0-9]+)+|[A-Za-z]+-?[0-9]+)(?![\w-])"
)
_NO_NAME: Final = re.compile(
    r"[0-9]+[:./-][0-9:./TZ-]+|[0-9]+[a-z%]{1,4}|[0-9.,]+/[a-z]+|read-only|pile-on|roll-?back|on-call|dry-run|https?:.*",
    re.I,
)

_HYPHENED: Final = re.compile(r"re-[a-z]+|[a-z]+-(?:off|on|up|down|back|out)", re.I)
"""verbs that people write with a hyphen"""


@dataclass(frozen=True, kw_only=True)
class Write:
    """One changing tool, as requests speak of it."""

    tool: str
    verb: str = ""
    """of its Approve button"""
    asked_by: tuple[str, ...] = ()
    """phrases of a request that ask for it; () means the words of its name and its verb"""


@dataclass(frozen=True, kw_only=True)
class Runbook:
    """A playbook somebody installed: the words it is for, and the changes it may come to."""

    name: str
    words: frozenset[str]
    least: int
    writes: frozenset[str]

    def fits(self, text: str) -> bool:
        said = set(re.findall(r"[a-z0-9]+", text.lower()))
        return len(self.words & said) >= self.least


@dataclass(frozen=True, kw_only=True)
class Implied:
    """Why one tool is implied, in words."""

    why: str
    needs_target: bool = False
    """only its verb was said, so the target must have been named too"""


@dataclass(frozen=True, kw_only=True)
class OnPlan:
    why: str


@dataclass(frozen=True, kw_only=True)
class OffPlan:
    why: str
    """for brain and person, with what would have to be said"""


@dataclass(frozen=True, kw_only=True)
class Aim:
    """What a call acts on, and who vouches for that."""

    tool: str
    target: str
    origin: Origin | None
    """None: no argument says the target, so the tool's manifest does"""
    derived: bool = False
    """the installed playbook itself, run on this transcript, makes exactly this call"""
    by_person: bool = False
    """a person typed these values"""


@dataclass(frozen=True, kw_only=True)
class Mandate:
    """What one request implies. Equal words give an equal mandate."""

    tools: Mapping[str, Implied]
    said: tuple[str, ...] = ()
    barred: Mapping[str, str] = field(default_factory=dict)
    """tool → the words that forbid it; "*" is every change"""
    named: tuple[str, ...] = ()
    """what the request calls by name"""
    unrestricted: str = ""
    """why nothing is off plan; for work that is not a brain's"""

    def verdict(self, aim: Aim, *, ask_with: str) -> OnPlan | OffPlan:
        """Whether a change is implied. `ask_with`: words that would ask for it."""
        if self.unrestricted:
            return OnPlan(why=self.unrestricted)
        if aim.by_person:
            return OnPlan(why="a person changed its values")
        barred = self.barred.get(aim.tool) or self.barred.get("*")
        if barred:
            return OffPlan(why=f"the request says {barred!r}; {_widen(ask_with)}")
        implied = self.tools.get(aim.tool)
        if aim.derived:
            return OnPlan(why=implied.why if implied else "the playbook for this request")
        name: str | int = int(aim.target) if aim.target.isdecimal() and aim.target.isascii() else aim.target
        target_said = any(says(text, name) for text in self.said)
        if implied is None or (implied.needs_target and not target_said):
            return OffPlan(why=f"nobody asked for {aim.tool!r} on {aim.target!r}; {_widen(ask_with)}")
        if aim.origin in (Origin.UNTRUSTED, Origin.OTHER) and self.named and not target_said:
            names = ", ".join(map(repr, self.named[:3]))
            return OffPlan(why=f"the request names {names}, not {aim.target!r}; {_widen(ask_with)}")
        return OnPlan(why=implied.why)

    def as_json(self) -> str:
        """The mandate for the record: sorted, the same for the same words."""
        return json.dumps(
            {
                "tools": {tool: one.why for tool, one in sorted(self.tools.items())},
                "barred": dict(sorted(self.barred.items())),
                "named": list(self.named),
                "unrestricted": self.unrestricted,
            },
            ensure_ascii=False,
            sort_keys=True,
        )


def unrestricted(why: str) -> Mandate:
    """For callers of the gateway that are no brain and have rules of their own."""
    return Mandate(tools={}, unrestricted=why)


def mandate(
    said: Sequence[str],
    *,
    writes: Sequence[Write],
    runbooks: Sequence[Runbook] = (),
    quoted: Sequence[str] = (),
    also: Mapping[str, str] | None = None,
) -> Mandate:
    """What these words imply.

    `said`: words of trusted people, oldest first. `quoted`: an alert's words; they only ever choose a playbook.
    `also`: tools that a model, which saw nothing but `said`, takes to be implied, with its reason; those need a target
    that was named.
    """
    implied: dict[str, Implied] = {}
    barred: dict[str, str] = {}
    for tool, why in (also or {}).items():
        implied[tool] = Implied(why=why, needs_target=True)
    for text in quoted:
        _by_runbooks(text, runbooks, implied)
    for text in said:
        for sentence in sentences(text):
            _take(sentence, writes, runbooks, implied, barred)
    return Mandate(tools=implied, said=tuple(said), barred=barred, named=_named(said))


def _take(
    sentence: str,
    writes: Sequence[Write],
    runbooks: Sequence[Runbook],
    implied: dict[str, Implied],
    barred: dict[str, str],
) -> None:
    if takes_back(sentence):
        implied.clear()
    if hands_off(sentence):
        implied.clear()
        barred["*"] = sentence[:120]
    if not only_asks(sentence) and not hands_off(sentence):
        # A name that holds a playbook's word ("new-checkout") is no report, and neither is an order for one thing.
        told = [c for c in clauses(sentence) if not denies(c) and not any(_asks_for(c, write) for write in writes)]
        _by_runbooks(" ".join(_IDENTIFIER.sub(" ", clause) for clause in told), runbooks, implied)
    for write in writes:
        found = _asks_for(sentence, write)
        if found is None:
            continue
        refused, wanted = found
        if refused:
            implied.pop(write.tool, None)
            barred[write.tool] = sentence[:120]
        elif not only_asks(sentence) and not hands_off(sentence) and _orders(sentence, write):
            implied[write.tool] = wanted
            barred.pop(write.tool, None)
            _lift(barred, write, writes)


def _lift(barred: dict[str, str], wanted: Write, writes: Sequence[Write]) -> None:
    """Somebody who said "change nothing" and then asks for one thing, asks for that one."""
    every = barred.pop("*", None)
    if every is not None:
        barred.update({write.tool: every for write in writes if write.tool != wanted.tool})


def _by_runbooks(text: str, runbooks: Iterable[Runbook], implied: dict[str, Implied]) -> None:
    for book in runbooks:
        if book.fits(text):
            for tool in sorted(book.writes):
                implied.setdefault(tool, Implied(why=f"the playbook {book.name} is for this request"))


def _asks_for(sentence: str, write: Write) -> tuple[bool, Implied] | None:
    """(the sentence says no to it, how it asks for it); None when it does not speak of this tool."""
    whole = set(stems(sentence))
    if says(sentence, write.tool):
        return denies(sentence), Implied(why=f"the request says {sentence[:120]!r}")
    for phrase in _phrases(write):
        wanted = [stem(word) for word in phrase.split()]
        alike = set() if write.asked_by else _VERBS.get(wanted[0], set())
        if ({wanted[0]} | alike) & whole and set(wanted[1:]) <= whole:
            return _refused(sentence, wanted[0]), Implied(why=f"the request says {sentence[:120]!r}")
    if write.asked_by:
        return None
    verb = _verb(write)
    if verb in whole or _VERBS.get(verb, set()) & whole:
        return _refused(sentence, verb), Implied(why=f"the request says {sentence[:120]!r}", needs_target=True)
    return None


def _orders(sentence: str, write: Write) -> bool:
    """Whether its own words ask for it: what something is called ("turn-off-fraud-check") asks for nothing."""
    said, known = ordering(sentence), {phrase.lower() for phrase in _phrases(write)}

    def kept(found: re.Match[str]) -> str:
        spaced = re.sub(r"[-_]", " ", (found[1] or found[2]).lower())
        return f" {spaced} " if spaced in known or _HYPHENED.fullmatch(found[0]) else " "

    return says(said, write.tool) or _asks_for(_IDENTIFIER.sub(kept, said), write) is not None


def _refused(sentence: str, verb: str) -> bool:
    """Whether the "not" of a sentence stands in the clause of this verb."""
    alike = {verb} | _VERBS.get(verb, set())
    return any(denies(clause) and alike & set(stems(clause)) for clause in clauses(sentence))


def _phrases(write: Write) -> tuple[str, ...]:
    if write.asked_by:
        return write.asked_by
    name = write.tool.rsplit(".", 1)[-1].replace("_", " ")
    spoken = " ".join(word for word in write.verb.split() if word.lower() not in _SMALL)
    # One word of a verb class alone says too little: it needs its noun, or the target's name.
    return tuple(
        phrase for phrase in (name, spoken) if len(phrase.split()) > 1 or (stem(phrase) not in _VERBS and phrase)
    )


def _verb(write: Write) -> str:
    return stem(write.tool.rsplit(".", 1)[-1].split("_", 1)[0])


def _named(said: Sequence[str]) -> tuple[str, ...]:
    found = [one or other for text in said for one, other in _IDENTIFIER.findall(text)]
    return tuple(dict.fromkeys(name for name in found if not _NO_NAME.fullmatch(name)))


def ask_with(write: Write, target: str) -> str:
    """Words that ask for this change; whoever says them widens the mandate."""
    words = write.asked_by[0] if write.asked_by else write.tool.rsplit(".", 1)[-1].replace("_", " ")
    return f"{words} {target}".strip()


def _widen(words: str) -> str:
    return f"whoever asked can allow it by writing in this thread: {words}"
