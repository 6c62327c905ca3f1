"""What a person's words ask for: sentences, the words in them, and what is forbidden or only asked about."""

import re
from collections.abc import Iterator
from typing import Final

_SENTENCE: Final = re.compile(r"(?<=[.!?;])\s+|\n+")
_CLAUSE: Final = re.compile(r",\s+|\s+(?:but|and then|then|and|instead)\s+", re.IGNORECASE)
_WORD: Final = re.compile(r"[a-z0-9]+(?:'[a-z]+)?", re.IGNORECASE)
_NOT: Final = re.compile(
    r"\b(?:not|never|without|avoid|refrain|no|nobody|none|instead of|rather than)\b|n't\b|\bdont\b"
    r"|\bleave\b.*\balone\b",
    re.IGNORECASE,
)
_HANDS_OFF: Final = re.compile(
    r"\bread[- ]only\b|\bhands off\b|\blook only\b"
    r"|\b(?:just|only)\s+(?:look|check|tell|report|investigate|diagnose|explain|read|show|watch)\b"
    r"|(?:\b(?:not|never|without|no)\b|n't|\bdont\b)[^.!?;]{0,40}?"
    r"\b(?:chang\w*|touch\w*|modif\w*|act\w*|do|doing|fix\w*|alter\w*|write\w*|take)\s+"
    r"(?:to\s+)?(?:anything|any\w*|something|nothing|action\w*|yet)\b"
    r"|\b(?:no|without(?:\s+any)?)\s+(?:change|changes|action|actions|writes)\b|\bnothing\s+(?:may|should|must)\s+change",
    re.IGNORECASE,
)
_QUESTION: Final = re.compile(
    r"^\W*(?:(?:please|hey|hi|hello|and|so|ok|okay|can you|could you|would you)\W+)*"
    r"(?:what|what's|whats|how many|how much|how long|how often|which|who|whose|when|where|show|list|count|"
    r"tell me|give me|summari\w+|describe|explain|compare|draw|graph|plot|report)\b",
    re.IGNORECASE,
)
_REMEDY: Final = re.compile(
    r"\b(?:fix|mitigat|resolv|remed|repair|recover|heal|sort\s+(?:it|this|that)\s+out|make\s+it\s+(?:stop|work)"
    r"|get\s+it\s+(?:back|working)|do\s+what(?:ever)?\s+(?:is\s+needed|it\s+takes)|help)\w*",
    re.IGNORECASE,
)
_WONDERS: Final = re.compile(
    r"^\W*(?:(?:hey|hi|hello|and|so|ok|okay|but|or|then)\W+)*"
    r"(?:should|shall|why|how|what|did|does|do\s+(?:we|you|they|i|people)|is|are|am|was|were|has|have|had|may|might"
    r"|(?:i\s+(?:was\s+)?)?wonder(?:ing)?|(?:i'?m\s+)?not\s+sure\s+(?:if|whether)|let\s+(?:me|us)\s+know\s+(?:if|whether)"
    r"|(?:did|does|do|is|are|was|were|has|have|had|should|would|could|can)n'?t)\b",
    re.IGNORECASE,
)
_REPORTED: Final = re.compile(
    r"\b(?:wrote|writes|said|says|told|posted|typed|reads|suggests?|suggested|claims?|claimed|mentions?|mentioned)\b"
    r"[^`\"“”:]{0,40}(?:`[^`]*`|[\"“][^\"”]*[\"”]|:.*)",
    re.IGNORECASE,
)
_TAKES_BACK: Final = re.compile(
    r"^\W*(?:(?:no|oh|ok|okay|sorry|actually|wait|please|hold on|hang on)\W+)*"
    r"(?:don'?t|do not|never ?mind|forget (?:it|that)|scratch that|(?:cancel|ignore) (?:that|it)|not (?:now|yet)|stop)"
    r"(?:\W+(?:please|sorry|thanks))*\W*$",
    re.IGNORECASE,
)
_FENCED: Final = re.compile(r"(?:```|~~~)(.*?)(?:```|~~~|\Z)", re.DOTALL)
_QUOTED: Final = re.compile(r"^[ \t]*(?:(?:>|&gt;){3}.*\Z|(?:>|&gt;)[^\n]*)", re.MULTILINE | re.DOTALL)
_LABEL: Final = re.compile(r"<([^<>|\n]*)\|([^<>\n]*)>")
"""a link, channel, group or date, and what it is called: whoever made it chose the words"""
_REFERENCE: Final = re.compile(r"<[^<>\n]+>")
_MARKED: Final = re.compile(r"\"[^\"\n]*\"|“[^”\n]*”|`[^`\n]*`")
_ONLY_THAT: Final = re.compile(
    r"(?:please|hey|hi|hello|can|could|would|you|just|now|run|do|execute|thanks|for|me|us|this|and|then|asap|\W)*",
    re.IGNORECASE,
)
_A_NAME: Final = 80
"""characters of one word between fences with which somebody still names a thing; more is pasted"""


def own_words(text: str) -> tuple[str, str]:
    """(what somebody says themselves, what they paste or quote with it: a log, a message, a page)."""
    pasted: list[str] = []

    def cut(found: re.Match[str]) -> str:
        inside = found[1].strip() if found.re is _FENCED else found[0].strip()
        if found.re is _FENCED and not re.search(r"\s", inside) and len(inside) <= _A_NAME:
            return f" {inside} "
        pasted.append(inside)
        return "\n"

    text = _LABEL.sub(lambda found: f"<{found[1]}>" if re.search(r"\s", found[2]) else found[0], text)
    own = _QUOTED.sub(cut, _FENCED.sub(cut, text))
    return (own, "\n".join(pasted)) if pasted else (text, "")


def fences_closed(text: str) -> str:
    """A text whose last fence ends within it, so that what is put behind it stands as it stood."""
    open_ = [found[0][:3] for found in _FENCED.finditer(text) if not re.search(r"(?:```|~~~)\Z", found[0][3:])]
    return f"{text}\n{open_[-1]}" if open_ else text


def sentences(text: str) -> Iterator[str]:
    """The sentences of a text, without empty ones."""
    straight = _MARKED.sub(lambda title: re.sub(r"[.!?;](?=\s)", "", title[0]), text.replace("\u2019", "'"))
    yield from (part.strip() for part in _SENTENCE.split(straight) if part.strip())


def clauses(sentence: str) -> list[str]:
    """What stands between commas and conjunctions; a "not" reaches to the end of its own."""
    return [part for part in _CLAUSE.split(sentence) if part.strip()]


def stems(text: str) -> list[str]:
    """The words without their endings, in order: "restarting" and "restarted" are "restart"."""
    return [stem(word) for word in _WORD.findall(text)]


def stem(word: str) -> str:
    """A word without the ending that tense and number give it."""
    word = word.lower()
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)]
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeiousl":
        word = word[:-1]  # stopping → stop
    return word[:-1] if len(word) > 3 and word.endswith("e") else word


def denies(clause: str) -> bool:
    """Whether a clause says that something shall not be."""
    return bool(_NOT.search(clause))


def hands_off(sentence: str) -> bool:
    """Whether a sentence says that nothing shall be changed."""
    return bool(_HANDS_OFF.search(sentence))


def ordering(sentence: str) -> str:
    """A sentence without what others said or called things in it, and what only wonders: "should we turn it off?"."""
    sentence = _REPORTED.sub(" ", _REFERENCE.sub(" ", sentence))
    # Several words in marks are what a ticket or page is called, unless they are all that is asked.
    rest = _MARKED.sub(lambda title: " " if re.search(r"\s", title[0]) else title[0], sentence)
    sentence = sentence if _ONLY_THAT.fullmatch(rest) else rest
    parts = clauses(sentence)
    wondering = next((at for at, part in enumerate(parts) if _WONDERS.search(part)), None)
    if wondering is None:
        return sentence
    # A question mark closes all that came since the question began; without one the question was the clause.
    after = [] if sentence.rstrip().endswith("?") else parts[wondering + 1 :]
    return ", ".join((*parts[:wondering], *after))


def takes_back(sentence: str) -> bool:
    """Whether a sentence takes back what was asked before it: "no wait, don't"."""
    return bool(_TAKES_BACK.search(sentence))


def only_asks(sentence: str) -> bool:
    """Whether a sentence asks to be told something, and not for a remedy."""
    return bool(_QUESTION.search(sentence)) and not _REMEDY.search(sentence)
