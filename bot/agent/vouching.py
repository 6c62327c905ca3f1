"""Pure: what of a model's answer stands in what tools returned for this task, and what is the model's own.

Computed by us from the stored steps, never by the model. Figures and names are looked for, nothing else is claimed:
that a figure stands in a result does not make the sentence around it true.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from policy.types import Tier
from storage.records import Step, StepKind

MOST_TOKENS = 300
"""figures and names looked for in one answer"""
LOOKED = ("ran", "previewed", "undone")
_ASIDE = re.compile(r"<[@#!][^>]*>|https?://\S+|hxxps?://\S+|```\w*|^\s*\d{1,3}[.)](?=\s)", re.MULTILINE)
"""mentions, links (made dead elsewhere), fences, and the numbers of a list"""
_NAME = re.compile(r"`([^`\n]{1,200})`")
_FIGURE = re.compile(r"(?<![\w`])[+-]?[A-Za-z#$€£]{0,40}\d[\w.,:/%@-]*(?:\s?%)?")
_NUMBER = re.compile(r"([+-]?[$€£]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d+))?)\s?(%|[A-Za-zµ]{0,3})")
_IN_TEXT = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?|[+-]?\d+(?:\.\d+)?")


@dataclass(frozen=True, kw_only=True)
class Vouched:
    """What is known of an answer."""

    results: int
    """of tools, in this task"""
    found: int
    """figures and names of the answer that stand in one of them, or in what people asked"""
    own: tuple[str, ...]
    """the others, in order"""
    sources: tuple[tuple[str, str], ...]
    """(what it says, evidence hash) of the results they stand in"""
    held: int
    """changes that ran and whose check held"""
    unsure: int
    """changes that ran, or may have, and that no check confirmed"""

    def in_words(self) -> str:
        """One plain line, for a terminal."""
        if not self.results:
            said = "not checked: nothing was looked up for this answer; it is the model's own"
        else:
            said = f"checked: {self.found} of {self.found + len(self.own)} figures and names stand in results"
            said += f"; the model's own: {', '.join(self.own[:8])}" if self.own else ""
        sure = f"{self.held} with a check that held" if self.held else ""
        unsure = f"{self.unsure} that no check confirmed" if self.unsure else ""
        return f"{said}; changes: {', '.join(filter(None, (sure, unsure))) or 'none'}"


def vouch(steps: Sequence[Step], tier_of: Callable[[str], Tier], clean: Callable[[str], str]) -> Vouched | None:
    """What is known of the last answer; None when no model spoke it. `clean`: the answer as people see it."""
    last = max((place for place, step in enumerate(steps) if step.kind is StepKind.USER), default=0)
    answer = "".join(
        str(step.body["text"]) for step in steps[last:] if step.kind is StepKind.SAID and step.body.get("model")
    )
    if not answer.strip():
        return None
    results = [_Seen(step.body) for step in steps if step.kind is StepKind.RESULT and step.body["status"] in LOOKED]
    asked = _Seen.of_words(" ".join(str(step.body["text"]) for step in steps if step.kind is StepKind.USER))
    found = 0
    own: list[str] = []
    used: list[_Seen] = []
    for token in list(dict.fromkeys(_tokens(clean(answer))))[:MOST_TOKENS]:
        holds = [seen for seen in results if seen.holds(token)]
        if holds or asked.holds(token):
            found += 1
            used += [seen for seen in holds[:1] if seen not in used]
        else:
            own.append(token)
    held, unsure = _changes(steps, tier_of)
    return Vouched(
        results=len(results),
        found=found,
        own=tuple(own),
        sources=tuple((seen.label, seen.evidence) for seen in used),
        held=held,
        unsure=unsure,
    )


def _tokens(answer: str) -> Iterator[str]:
    """Figures, and what stands in `code`."""
    text = _ASIDE.sub(" ", answer)
    for name in _NAME.finditer(text):
        yield name[1].strip()
    for figure in _FIGURE.finditer(_NAME.sub(" ", text)):
        if token := figure[0].rstrip(".,:;/-@"):
            yield token


class _Seen:
    """One result, ready to be looked through."""

    def __init__(self, body: Mapping[str, object]) -> None:
        self.label = str(body.get("finding") or body.get("tool") or "")
        self.evidence = str(body.get("evidence") or "")
        self._words: list[str] = [self.label.lower(), str(body.get("tool", "")).lower()]
        self._numbers: set[float] = set()
        self._as_said: dict[tuple[int, float], set[float]] = {}
        """the numbers as an answer would round them"""
        for leaf in _leaves(body.get("content")):
            self._take(leaf)
        self._take(self.label)

    @classmethod
    def of_words(cls, words: str) -> "_Seen":
        return cls({"content": words})

    def _take(self, leaf: str | float) -> None:
        if isinstance(leaf, str):
            self._words.append(leaf.lower())
            self._numbers |= {float(one.replace(",", "")) for one in _IN_TEXT.findall(leaf)}
        else:
            self._numbers.add(float(leaf))

    def holds(self, token: str) -> bool:
        number = _NUMBER.fullmatch(token)
        if number is None:
            plain = token.replace("[.]", ".").lower()
            return any(plain in words for words in self._words)
        value, places = abs(float(re.sub(r"[,$€£]", "", number[1]))), len(number[2] or "")
        scales = (1.0, 100.0) if number[3] == "%" else (1.0,)
        return any(value in self._rounded(places, scale) for scale in scales)

    def _rounded(self, places: int, scale: float) -> set[float]:
        if (places, scale) not in self._as_said:
            self._as_said[places, scale] = {round(abs(one) * scale, places) for one in self._numbers}
        return self._as_said[places, scale]


def _leaves(value: object) -> Iterator[str | float]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield str(name)
            yield from _leaves(inner)
    elif isinstance(value, list):
        yield float(len(value))  # "3 pods" is read off a list of three
        for inner in value:
            yield from _leaves(inner)
    elif isinstance(value, str):
        yield value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield float(value)


def _changes(steps: Sequence[Step], tier_of: Callable[[str], Tier]) -> tuple[int, int]:
    """(changes whose check held, changes nobody is sure of)."""
    held = unsure = 0
    for step in steps:
        if step.kind is not StepKind.RESULT or tier_of(str(step.body["tool"])) is Tier.READ:
            continue
        content = step.body.get("content")
        verified = content.get("verified") if isinstance(content, dict) else None
        checked = verified.get("held") == "yes" if isinstance(verified, dict) else False
        if step.body["status"] == "ran":
            held, unsure = held + checked, unsure + (not checked)
        elif step.body["status"] == "in_doubt":
            unsure += 1
    return held, unsure
