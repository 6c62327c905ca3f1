"""How much redaction finds, and how much of what it masks was a secret. Pure but for the clock."""

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from policy.redaction import Redactor
from policy.redaction_corpus import Document


@dataclass(frozen=True, kw_only=True)
class Share:
    """So many of so many."""

    good: int
    of: int

    @property
    def value(self) -> float:
        """Between 0 and 1; 1 when there was nothing to do."""
        return self.good / self.of if self.of else 1.0


@dataclass(frozen=True, kw_only=True)
class Report:
    """What became of a corpus."""

    recall: Share
    precision: Share
    by_kind: dict[str, Share]
    by_shape: dict[str, Share]
    missed: tuple[Document, ...]
    false_alarms: tuple[tuple[Document, str], ...]
    """a document, and the words in it that were masked and no secret"""
    megabytes_per_second: float


def measure(redactor: Redactor, documents: Iterable[Document]) -> Report:
    """Recall: planted secrets no part of which of 8 characters or more is left. Precision: masks that hide one."""
    planted: Counter[tuple[str, str]] = Counter()
    hidden: Counter[tuple[str, str]] = Counter()
    missed: list[Document] = []
    alarms: list[tuple[Document, str]] = []
    masks = good_masks = 0
    texts: list[str] = []
    for document in documents:
        texts.append(document.text)
        shown = redactor.text(document.text).text
        key = (document.kind, document.shape)
        for secret in document.planted:
            planted[key] += 1
            if _is_hidden(secret, shown):
                hidden[key] += 1
            else:
                missed.append(document)
        for start, end, _label in redactor.scan(document.text, complete=True).masks:
            masks += 1
            words = document.text[start:end]
            if any(_touches(document.text, start, end, secret) for secret in document.planted):
                good_masks += 1
            else:
                alarms.append((document, words))
    return Report(
        recall=Share(good=sum(hidden.values()), of=sum(planted.values())),
        precision=Share(good=good_masks, of=masks),
        by_kind=_shares(planted, hidden, 0),
        by_shape=_shares(planted, hidden, 1),
        missed=tuple(missed),
        false_alarms=tuple(alarms),
        megabytes_per_second=_speed(redactor, "\n".join(texts)),
    )


def _speed(redactor: Redactor, text: str) -> float:
    began = time.process_time()
    redactor.text(text)
    return len(text.encode()) / 1e6 / max(time.process_time() - began, 1e-9)


def _is_hidden(secret: str, shown: str) -> bool:
    size = min(8, len(secret))
    return not any(secret[at : at + size] in shown for at in range(len(secret) - size + 1))


def _touches(text: str, start: int, end: int, secret: str) -> bool:
    at = text.find(secret)
    if at < 0:  # written otherwise, as JSON writes a line break
        return True
    return start < at + len(secret) and at < end


def _shares(planted: Counter[tuple[str, str]], hidden: Counter[tuple[str, str]], part: int) -> dict[str, Share]:
    of: Counter[str] = Counter()
    good: Counter[str] = Counter()
    for key, count in planted.items():
        of[key[part]] += count
        good[key[part]] += hidden[key]
    return {name: Share(good=good[name], of=of[name]) for name in sorted(of)}
