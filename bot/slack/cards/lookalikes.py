"""Which characters do not look like what they are: invisible, reordering, or borrowed from another script."""

import re
import unicodedata

INVISIBLE = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180e\u180f\u2800\u3164\uffa0"
    + "".join(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
)
"""drawn as nothing (fillers, joiners, variation selectors), though Unicode does not class them as format characters"""

PUNCTUATION = frozenset(
    "\u01c0\u01c3\u02bc\u02c8\u02d0\u02d7\u0589\u05c3\u2010\u2011\u2015\u201a\u2024\u2027\u2039\u203a\u2043\u2044"
    "\u2045\u2046\u204e\u2212\u2215\u2216\u2217\u2219\u2223\u2236\u223c\u2571\u2572\u2758\u29f5\u29f8\u29f9\u3014"
    "\u3015\u3033\ua4fd\ua4ff\ua789"
)
"""passes for one of / : - . , | ~ * in a path, a host or a flag"""

GREEK = frozenset(
    "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7\u03b1\u03b3\u03b5\u03b7"
    "\u03b9\u03ba\u03bd\u03bf\u03c1\u03c4\u03c5\u03c7\u03c9\u03f2\u03f3\u03f8\u03f9"
)
"""Greek letters that pass for Latin ones; others (a delta, a sigma) are told apart at a glance"""

CYRILLIC = frozenset(
    "\u0430\u0431\u0432\u0433\u0435\u043a\u043c\u043d\u043e\u0440\u0441\u0442\u0443\u0445\u044c\u0455\u0456\u0458"
    "\u0410\u0412\u0415\u0417\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0423\u0425\u0405\u0406\u0408\u0491\u04ae"
    "\u04af\u04bb\u04c0\u04cf\u0501\u050c\u051b\u051d"
)
"""Cyrillic letters out of which a whole word can be built that reads as Latin"""

BORROWED = re.compile("[\u0400-\u052f\u1c80-\u1c8f\ua640-\ua69f\u0530-\u058f\u13a0-\u13ff\uab70-\uabbf\ua4d0-\ua4ff]")
"""Cyrillic, Armenian, Cherokee, Lisu: scripts whose letters pass for Latin ones"""

_ORDINARY = re.compile(r"[\n\t -~]*")
_WORD = re.compile(r"[^\W_]+(?:[^\W_]|[._-](?=[^\W_]))*")
_LATIN = re.compile(r"[A-Za-z]")
_PHONETIC = re.compile("[\u0250-\u02af\u1d00-\u1dbf\ua7f7-\ua7ff\uab30-\uab6f]")
_MARKS = 2
"""combining marks on one letter that real languages use; more hides the letter below"""


def deceptive(text: str) -> frozenset[int]:
    """Positions in `text` whose character must not be shown as it is. Line breaks and tabs count as visible."""
    if _ORDINARY.fullmatch(text):
        return frozenset()
    found = {place for place, char in enumerate(text) if _never_as_is(char)}
    found |= _stacked_marks(text)
    clear = _has_clear_letters(text)
    for word in _WORD.finditer(text):
        mixed = _LATIN.search(word[0]) is not None
        for place in range(word.start(), word.end()):
            char = text[place]
            if char in GREEK or BORROWED.match(char):
                only_lookalikes = all(_passes_for_latin(other) for other in word[0])
                if mixed or (only_lookalikes and not clear):
                    found.add(place)
    return frozenset(found)


def _never_as_is(char: str) -> bool:
    if char in "\n\t" or " " <= char <= "~":
        return False
    category = unicodedata.category(char)
    if category in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"} or char in INVISIBLE or char in PUNCTUATION:
        return True
    return bool(_PHONETIC.match(char)) or _wears_ascii(char)


def _wears_ascii(char: str) -> bool:
    """Fullwidth, mathematical and circled forms of one ASCII character."""
    how = unicodedata.decomposition(char).partition(">")[0]
    if how not in {"<wide", "<font", "<circle", "<compat"}:
        return False
    plain = unicodedata.normalize("NFKC", char)
    return len(plain) == 1 and plain.isascii()


def _stacked_marks(text: str) -> set[int]:
    """Marks beyond the second on one letter, and a mark with no letter below."""
    found: set[int] = set()
    run = _MARKS
    for place, char in enumerate(text):
        if unicodedata.category(char) not in {"Mn", "Me"}:
            run = 0 if char.isalpha() or unicodedata.category(char) == "Mc" else _MARKS
        else:
            run += 1
            if run > _MARKS:
                found.add(place)
    return found


def _has_clear_letters(text: str) -> bool:
    """Whether the text is plainly written in that other script, so that its short words are not disguises."""
    return any(_borrowed_letter(char) and not _passes_for_latin(char) for char in text)


def _borrowed_letter(char: str) -> bool:
    return char.isalpha() and (bool(BORROWED.match(char)) or "\u0370" <= char <= "\u03ff")


def _passes_for_latin(char: str) -> bool:
    return char in CYRILLIC or char in GREEK or not char.isalpha()
