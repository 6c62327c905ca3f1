"""Pure: a message as a person reads it, so that no spelling trick hides a word from the rules."""

import html
import re
import unicodedata

_TAG = re.compile(r"<!--.*?(?:-->|$)|</?[a-zA-Z!][^<>]{0,2000}>?", re.DOTALL)
_SPACED = re.compile(r"(?<![^\W_])(?:[^\W_][ ._*\-|/]{1,3}){3,}[^\W_](?![^\W_])")
_BETWEEN = re.compile(r"[ ._*\-|/]+")
_GLUE = re.compile(r"[_*`~|]+")
_UNSEEN = frozenset({"Cf", "Cc", "Mn", "Me", "Co", "Cs"})
"""format characters, controls, marks on letters, private use, surrogates"""
_WORD = re.compile(r"[^\W\d_]+")
_CYRILLIC = (
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u043a\u043c\u043d\u0432\u0442\u0433\u0456\u0458\u0455\u04bb\u0501\u051b\u051d\u04cf\u044c",
    "aeopcyxkmhbtrijshdqwlb",
)
_GREEK = (
    "\u03b1\u03b2\u03b5\u03b7\u03b9\u03ba\u03bc\u03bd\u03bf\u03c1\u03c4\u03c5\u03c7\u03b3\u03c9\u03c2\u03f2",
    "abenikmvoptuxywcc",
)
_SAME = str.maketrans(_CYRILLIC[0] + _GREEK[0], _CYRILLIC[1] + _GREEK[1])
"""letters of other alphabets that are drawn like Latin ones, in lower case"""
_LEET = str.maketrans("013457@$", "oieastas")


def readable(text: str) -> tuple[str, ...]:
    """The ways a person may read it, in lower case: with mark-up, without it, and with letters put back in place."""
    plain = _letters(text)
    bare = _letters(_TAG.sub("", html.unescape(html.unescape(text))))
    apart = _letters(_TAG.sub(" ", html.unescape(html.unescape(text))))
    ways = [plain, bare, apart]
    ways += [_together(one) for one in (plain, bare)]
    ways += [one.translate(_LEET) for one in (plain, bare, _together(bare))]
    return tuple(dict.fromkeys(ways))


def foreign(text: str) -> bool:
    """Whether it has letters the rules cannot read: another script, or one that is only drawn like Latin."""
    for word in _WORD.findall(unicodedata.normalize("NFKC", text)):
        for letter in word:
            if not letter.isascii() and not unicodedata.name(letter, "").startswith("LATIN"):
                return True
    return False


def _letters(text: str) -> str:
    wide = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text)).casefold()
    kept = (one for one in wide if unicodedata.category(one) not in _UNSEEN or one in "\n\t")
    return " ".join(_GLUE.sub(" ", "".join(kept).translate(_SAME)).split())


def _together(text: str) -> str:
    """Words whose letters stand apart, written as one: p r o d -> prod."""
    return _SPACED.sub(lambda found: _BETWEEN.sub("", found[0]), text)
