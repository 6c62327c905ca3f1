"""A customer's own rules, in the TOML that gitleaks reads: https://github.com/gitleaks/gitleaks#configuration"""

import re
import time
import tomllib
from collections import Counter
from math import log2
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from policy.errors import PolicyError
from policy.redaction_rules import PatternRule
from policy.text_file import read_text

_POSIX: Final = {
    "[:alnum:]": "A-Za-z0-9",
    "[:alpha:]": "A-Za-z",
    "[:digit:]": "0-9",
    "[:xdigit:]": "0-9A-Fa-f",
    "[:lower:]": "a-z",
    "[:upper:]": "A-Z",
    "[:space:]": r"\s",
    "[:word:]": r"\w",
}
SLOWEST: Final = 0.25
"""seconds a rule may take for a few thousand characters made to be slow; Go's expressions never backtrack, ours do"""


class _AllowList(BaseModel):
    model_config = ConfigDict(extra="ignore")
    regexes: list[str] = []
    stopwords: list[str] = []


class _Rule(BaseModel):
    model_config = ConfigDict(extra="ignore")
    id: str
    regex: str = ""
    keywords: list[str] = []
    entropy: float = 0.0
    secret_group: int = Field(default=0, alias="secretGroup")
    allowlist: _AllowList | None = None
    allowlists: list[_AllowList] = []


class _File(BaseModel):
    model_config = ConfigDict(extra="ignore")
    rules: list[_Rule] = []


def load(path: Path) -> tuple[PatternRule, ...]:
    """The rules of a gitleaks file that look at text; those that look only at paths of files are left out.

    Raises:
        PolicyError: it cannot be read, is not such a file, or a rule cannot be used; the message names the rule.
    """
    try:
        found = _File.model_validate(tomllib.loads(read_text(path)))
    except OSError as error:
        raise PolicyError(
            f"cannot be read: {error.strerror}", todo="check AUTOPILOT_REDACTION_RULES", file=path
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"is not TOML: {error}", todo="correct that place", file=path) from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise PolicyError(f"{where}: {first['msg'].lower()}", todo="write it as gitleaks has it", file=path) from None
    return tuple(_pattern_rule(path, rule) for rule in found.rules if rule.regex)


def _pattern_rule(path: Path, rule: _Rule) -> PatternRule:
    pattern = _compile(path, rule.id, rule.regex)
    if rule.secret_group > pattern.groups:
        raise PolicyError(
            f"secretGroup is {rule.secret_group}, but its regex has {pattern.groups} groups",
            todo="correct the number",
            file=path,
            rule=rule.id,
        )
    _refuse_slow(path, rule.id, pattern)
    lists = [*rule.allowlists, *([rule.allowlist] if rule.allowlist else [])]
    allowed = [_compile(path, rule.id, one) for each in lists for one in each.regexes]
    words = [word.lower() for each in lists for word in each.stopwords]

    def is_secret(found: str) -> bool:
        return (
            _entropy(found) >= rule.entropy
            and not any(one.search(found) for one in allowed)
            and not any(word in found.lower() for word in words)
        )

    return PatternRule(
        label=re.sub(r"[^a-z0-9-]+", "-", rule.id.lower()),
        pattern=pattern,
        needles=tuple(word.lower() for word in rule.keywords) or ("",),
        check=is_secret,
        group=rule.secret_group or (1 if pattern.groups else 0),
    )


def _compile(path: Path, rule: str, regex: str) -> re.Pattern[str]:
    for posix, ours in _POSIX.items():
        regex = regex.replace(posix, ours)
    regex = regex.replace(r"\z", r"\Z")
    try:
        return re.compile(regex)
    except re.error as error:
        raise PolicyError(
            f"Python cannot read its regex: {error}", todo="rewrite that part", file=path, rule=rule
        ) from None


def _refuse_slow(path: Path, rule: str, pattern: re.Pattern[str]) -> None:
    for unit in ("a", "a1", "ab ", "=", "a=", "secret ", '"a":'):
        for length in (12, 16, 20, 24, 64, 512, 4096):  # upwards: what is slow on short text never ends on long
            text = (unit * length)[:length] + "!"
            began = time.perf_counter()
            pattern.search(text)
            if time.perf_counter() - began > SLOWEST:
                raise PolicyError(
                    f"takes longer than {SLOWEST} s for {length} characters like {unit!r}",
                    todo="bound its repetitions, such as {0,100} instead of *",
                    file=path,
                    rule=rule,
                )


def _entropy(text: str) -> float:
    """Bits a character, as gitleaks counts."""
    return -sum(n / len(text) * log2(n / len(text)) for n in Counter(text).values()) if text else 0.0
