"""What is masked: a list of patterns, each with the label people see instead."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from policy.redaction_validators import is_spoken_secret, is_value, looks_random


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A stretch of text that one rule speaks for. Text is never cut inside one."""

    start: int
    end: int
    label: str
    mask: tuple[int, int] | None
    """what to replace; None when the rule looked closer and let it stand"""


Finder = Callable[[str, bool], Iterator[Claim]]
"""text, and whether it is complete -> claims"""


@dataclass(frozen=True, kw_only=True)
class PatternRule:
    """A pattern; the group `v`, or all of it, is masked when the check agrees."""

    label: str
    pattern: re.Pattern[str]
    needles: tuple[str, ...]
    """lower case; without one of them in the text the pattern is not tried, which is what makes this fast"""
    check: Callable[[str], bool] | None = None
    overlapping: bool = False
    """for patterns that cross white space: what one candidate swallowed is looked at again"""
    group: int | str = 0
    """which group is the secret, where it is not `v`"""
    folded: re.Pattern[str] | None = None
    """the pattern for text in lower case: several times as fast as one that ignores case"""
    anchored: bool = False
    """every match begins with one of the needles: they are looked for, which takes a fraction of trying each place"""

    def find(self, text: str, lowered: str, complete: bool) -> Iterator[Claim]:
        """Every claim in a text that holds one of the needles."""
        if self.anchored and len(lowered) == len(text):
            yield from self._at_needles(text, lowered)
            return
        # A few letters grow in lower case; then places would differ.
        pattern, where = (self.folded, lowered) if self.folded and len(lowered) == len(text) else (self.pattern, text)
        found = pattern.search(where)
        while found is not None:
            group = "v" if "v" in pattern.groupindex else self.group
            agreed = self.check is None or self.check(text[slice(*found.span(group))])
            # A refused candidate at the end of unfinished text may yet grow into a secret.
            if agreed or not self.overlapping or (not complete and found.end() == len(text)):
                yield Claim(
                    start=found.start(), end=found.end(), label=self.label, mask=found.span(group) if agreed else None
                )
            found = pattern.search(where, found.start() + 1 if self.overlapping else found.end())

    def _at_needles(self, text: str, lowered: str) -> Iterator[Claim]:
        end = 0
        for place in places(lowered, self.needles):
            found = self.pattern.match(text, place) if place >= end else None
            if found is not None:
                end = found.end()
                agreed = self.check is None or self.check(found[self.group])
                yield Claim(start=place, end=end, label=self.label, mask=found.span(self.group) if agreed else None)


def places(lowered: str, needles: Iterable[str]) -> list[int]:
    """Where any of these begins, in order."""
    found: set[int] = set()
    for needle in needles:
        at = lowered.find(needle)
        while at >= 0:
            found.add(at)
            at = lowered.find(needle, at + 1)
    return sorted(found)


def _token(label: str, pattern: str, *needles: str, check: Callable[[str], bool] | None = None) -> PatternRule:
    """A key with a shape of its own; each of its forms begins with one of the needles."""
    whole = re.compile(rf"(?<![A-Za-z0-9])(?:{pattern})")
    return PatternRule(label=label, pattern=whole, needles=needles, check=check, anchored=True)


def _named(label: str, pattern: str, *needles: str, check: Callable[[str], bool]) -> PatternRule:
    return PatternRule(
        label=label,
        pattern=re.compile(pattern, re.IGNORECASE),
        folded=re.compile(pattern),
        needles=needles,
        check=check,
        overlapping=True,
    )


_STRONG_WORDS: Final = (
    *("pass(?:word|wd|phrase|code)", "pwd", "secret[_-]?(?:access[_-]?)?key"),
    *(f"{word}[_-]?secret" for word in ("client", "app", "shared", "signing", "webhook", "consumer")),
    *(f"{word}[_-]?key" for word in ("api", "access", "private", "encryption", "account", "auth", "master", "session")),
    *(f"{word}[_-]?token" for word in ("access", "auth", "refresh", "bearer", "session", "bot", "user")),
)
# Flat, each word with its own first letter in sight: then Python passes over all other letters at once.
_STRONG: Final = f"(?:{'|'.join(_STRONG_WORDS)})"
_ASSIGN: Final = r"\d{0,2}(?:\\?[\"'])?\s{0,4}(?::=|=>|={1,2}|:)\s{0,4}"
# Bounded, because overlapping candidates make an unbounded value quadratic ("password:password:password:...").
_VALUE: Final = r"(?P<q>\\?[\"'`])?(?P<v>(?(q)(?:(?!(?P=q))[^\n]){1,200}|[^\s\"'`\\,;&<>)}\]|]{3,2048}))"
_KEYS: Final = ("api", "access", "private", "encryption", "account", "auth", "master", "session", "secret")
# Precise, because log lines are full of a bare "key" and the pattern behind these is the slowest of all.
_STRONG_NEEDLES: Final = (
    *("passw", "passp", "passc", "pwd", "secret", "token"),
    *(f"{word}{dash}key" for word in _KEYS for dash in ("", "-", "_")),
)

_PAYMENT_NEEDLES: Final = ("sk_live_", "sk_test_", "rk_live_", "rk_test_", "whsec_")

SECRETS: Final = (
    PatternRule(
        label="private-key",
        # The body is bounded and may be cut off: an open block is masked as far as it goes.
        pattern=re.compile(
            r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
            r"(?:(?:Proc-Type|DEK-Info|Version|Comment):[^\n]{0,80}|[A-Za-z0-9+/=\s\\]){0,16384}"
            r"(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----)?"
        ),
        needles=("private key",),
    ),
    _token("aws-key", r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9])", "akia", "asia", "abia", "acca"),
    _token(
        "gcp-key",
        r"AIza[0-9A-Za-z_-]{35}|ya29\.[0-9A-Za-z_-]{20,}|GOCSPX-[0-9A-Za-z_-]{20,}",
        "aiza",
        "ya29.",
        "gocspx",
    ),
    _token(
        "github-token",
        r"gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{22,}",
        "ghp_",
        "gho_",
        "ghu_",
        "ghs_",
        "ghr_",
        "github_pat_",
    ),
    _token(
        "gitlab-token", r"gl(?:pat|rt|dt|soat|cbt)-[A-Za-z0-9_.-]{20,}", "glpat-", "glrt-", "gldt-", "glsoat-", "glcbt-"
    ),
    _token("slack-token", r"(?:xox[a-z]|xapp|xoxe\.xox[bp])-[A-Za-z0-9-]{10,}", "xox", "xapp-"),
    _token(
        "slack-webhook", r"hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9/_-]{10,}", "hooks.slack.com"
    ),
    _token("jwt", r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*", "eyj"),
    _token("model-key", r"sk-(?:[a-z0-9]{2,10}-){0,2}[A-Za-z0-9_-]{16,}", "sk-", check=looks_random),
    _token(
        "model-key",
        r"(?:hf|gsk|pplx|r8)[_-][A-Za-z0-9]{30,}|xai-[A-Za-z0-9]{40,}",
        *(f"{word}{dash}" for word in ("hf", "gsk", "pplx", "r8") for dash in "_-"),
        "xai-",
    ),
    _token("payment-key", r"(?:[sr]k_(?:live|test)|whsec)_[0-9A-Za-z]{16,}", *_PAYMENT_NEEDLES),
    _token(
        "service-token",
        r"npm_[A-Za-z0-9]{36}|pypi-AgE[A-Za-z0-9_-]{30,}|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}|dop_v1_[a-f0-9]{40,}"
        r"|hv[sbr]\.[A-Za-z0-9_-]{20,}|gl(?:sa|c)_[A-Za-z0-9_+/=]{20,}|dckr_pat_[A-Za-z0-9_-]{20,}"
        r"|AGE-SECRET-KEY-1[0-9A-Z]{40,}|ATATT3x[A-Za-z0-9_=-]{30,}|lin_api_[A-Za-z0-9]{30,}|dapi[a-f0-9]{32}"
        r"|shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}",
        "npm_",
        "pypi-",
        "sg.",
        "dop_v1_",
        "hvs.",
        "hvb.",
        "hvr.",
        "glsa_",
        "glc_",
        "dckr_pat_",
        "age-secret",
        "atatt3x",
        "lin_api_",
        "dapi",
        "shpat_",
        "shpca_",
        "shppa_",
        "shpss_",
    ),
    PatternRule(
        label="service-token",
        pattern=re.compile(r"\d(?<![A-Za-z0-9]\d)\d{7,9}:AA[A-Za-z0-9_-]{33}"),
        needles=(":aa",),
    ),
    PatternRule(
        label="url-password",
        pattern=re.compile(r"://(?P<v>[^\s\"'<>/?#@:]*:[^\s\"'<>/?#]+|[^\s\"'<>/?#@:]{16,})@"),
        needles=("://",),
        check=lambda found: is_value(found.rpartition(":")[2]),
    ),
    _named(
        "authorization",
        r"authorization(?:\\?[\"'])?\s{0,4}[:=]\s{0,4}(?:\\?[\"'])?(?:(?:bearer|basic|token|apikey|digest)\s{1,4})?"
        r"(?P<v>[^\s\"'\\,]{6,2048})",
        "authorization",
        check=is_value,
    ),
    _named(
        "authorization",
        r"b(?<![a-z0-9]b)(?:earer|asic)\s{1,4}(?P<v>[A-Za-z0-9._~+/=-]{12,2048})",
        "bearer",
        "basic",
        check=looks_random,
    ),
    _named(
        "cookie",
        r"cookie(?:\\?[\"'])?\s{0,2}[:=]\s{0,4}(?:\\?[\"'])?(?P<v>[\w.-]{1,40}=[^\n\"']{1,1000})",
        "cookie",
        check=is_value,
    ),
    _named("password", rf"{_STRONG}{_ASSIGN}{_VALUE}", *_STRONG_NEEDLES, check=is_value),
    _named("password", rf"--(?:{_STRONG}|token|secret)\s{{1,4}}{_VALUE}", "--", check=is_value),
    _named("password", r"-(?<!\S-)(?:u|-user)\s{1,4}[\"']?[^\s:\"'/]{1,32}:(?P<v>[^\s\"'@]{3,})", "-u", check=is_value),
    _named(
        "password",
        r"(?:password|passphrase|passcode|pwd)\s{1,4}(?:is|was)\s{1,4}[\"'`]?(?P<v>[^\s\"'`,;]{4,})",
        "pass",
        "pwd",
        check=is_spoken_secret,
    ),
    _named(
        "secret",
        r"(?:secret|token|credentials?|passcode|api[ _-]?key)[\w-]{0,12}(?:\\?[\"'])?"
        r"(?:\s{0,4}(?::=|=>|[:=])\s{0,4}|\s{1,4}(?:is|was)\s{1,4}|\s{1,4})(?:\\?[\"'`])?"
        r"(?P<v>[A-Za-z0-9+/_.=~-]{16,2048})",
        "secret",
        "token",
        "credential",
        "passcode",
        "key",
        check=looks_random,
    ),
)

SENSITIVE_KEY: Final = re.compile(
    rf"(?:{_STRONG}|(?<!page)(?<!page[_-])(?<!continuation)(?<!continuation[_-])(?<!sync[_-])(?:token|secret)"
    r"|credentials?|authorization|cookie)\d{0,2}$",
    re.IGNORECASE,
)
"""names of fields whose whole value is a secret"""
