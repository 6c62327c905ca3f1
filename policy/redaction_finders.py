"""What a single pattern cannot say: e-mail, phone, card, IBAN, addresses, and secrets inside base64."""

import re
from base64 import b64decode
from collections.abc import Iterator
from typing import Final

from policy import redaction_validators as valid
from policy.redaction_rules import SECRETS, Claim, places

_DOMAIN: Final = re.compile(r"@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+([^\W\d_]{2,24})(?![\w-])")
_SYSTEMD: Final = frozenset(
    {"service", "socket", "target", "timer", "slice", "mount", "device", "scope", "path", "swap"}
)
"""user@1000.service is a unit, not a person"""
_USERINFO: Final = re.compile(r"://[^\s/?#]*\Z")
"""what stands before the @ of a URL is the url-password rule's, and its host is no secret"""
_LOCAL: Final = re.compile(r"[\w.%+'-]{1,64}\Z")

# A pattern begins with a character and looks at what stands before it afterwards: Python then passes over all others at
# once. A look behind first is asked at each place of the text, and costs most of the time.
_PLUS_PHONE: Final = re.compile(r"\+(?<![\w+.]\+)\d(?:[ .()/-]{0,2}\d){6,14}(?!\d)")
_US_PHONE: Final = re.compile(r"[(\d](?<![\w.+-].)(?:(?<=\()\d{3}\) ?|(?<=\d)\d{2}[-.])\d{3}[-.]\d{4}(?![\w-]|\.\d)")
_PHONE_NAMES: Final = ("phone", "tel", "mobile", "cell", "fax", "handy")
_NAMED_PHONE: Final = re.compile(
    rf"(?:{'|'.join(_PHONE_NAMES)})(?: number)?\.?\s{{0,2}}[:=]\s{{0,3}}"
    r"(?P<v>\(?0?\d[\d ()/-]{5,16}\d)(?![\w-])",
    re.IGNORECASE,
)
_CARD: Final = re.compile(
    r"\d(?<![\w.+-]\d)"
    r"(?:\d{3}(?P<s>[ -])\d{4}(?P=s)\d{4}(?P=s)\d{4}|(?<=3)\d{3}(?P<a>[ -])\d{6}(?P=a)\d{4,5}|\d{13,18})"
    r"(?![\w-]|\.\d)"
)
_IBAN: Final = re.compile(r"[A-Z](?<![A-Za-z0-9][A-Z])[A-Z]\d{2}(?= ?[A-Z0-9]{4})")
_IPV4: Final = re.compile(r"\d(?<![\w.-]\d)\d{0,2}(?:\.\d{1,3}){3}(?!\w|-[A-Za-z]|\.\d)")
_VERSION: Final = re.compile(r"(?:version|release|ver\.?|==)\W{0,3}\Z", re.IGNORECASE)
_IPV6: Final = re.compile(r"[23](?<![\w:.][23])[0-9A-Fa-f]{3}:[0-9A-Fa-f:]{2,34}(?![\w:]|\.\d)")
_BASE64: Final = re.compile(r"[A-Za-z0-9+/_-]{24,}={0,2}")
_PRINTABLE: Final = re.compile(rb"[\t\r\n -~]+")
_DECODE_AT_MOST: Final = 8192


def emails(text: str, complete: bool) -> Iterator[Claim]:
    """Mail addresses; git@host is how everybody writes a repository."""
    for domain in _DOMAIN.finditer(text) if "@" in text else ():
        local = _LOCAL.search(text, max(0, domain.start() - 64), domain.start())
        if not local or local[0].lower() == "git" or domain[1].lower() in _SYSTEMD:
            continue
        if not _USERINFO.search(text, max(0, local.start() - 256), local.start()):
            yield _claim("email", local.start(), domain.end())


def phones(text: str, complete: bool) -> Iterator[Claim]:
    """Numbers with + that can exist, North American ones as people write them, and any behind "phone:"."""
    if "+" in text:
        for found in _PLUS_PHONE.finditer(text):
            end = _phone_end(found[0])
            whole = found.end() == len(text) and not complete
            if end or whole:
                mask = (found.start(), found.start() + end) if end else None
                yield Claim(start=found.start(), end=found.end(), label="phone", mask=mask)
    for found in _US_PHONE.finditer(text):
        if valid.is_phone(found[0], "US"):
            yield _claim("phone", *found.span())
    for found in _named_phones(text):
        yield Claim(start=found.start(), end=found.end(), label="phone", mask=found.span("v"))


def _named_phones(text: str) -> Iterator[re.Match[str]]:
    lowered = text.lower()
    if len(lowered) != len(text):  # a few letters grow; then places would differ
        yield from _NAMED_PHONE.finditer(text)
        return
    end = 0
    for place in places(lowered, _PHONE_NAMES):
        found = _NAMED_PHONE.match(text, place) if place >= end else None
        if found is not None:
            end = found.end()
            yield found


def _phone_end(candidate: str) -> int:
    """How much of a greedy candidate is a phone number: "+49 170 1234567 2026" loses the year; 0 when none is."""
    while candidate:
        if valid.is_phone(candidate):
            return len(candidate)
        candidate = re.sub(r"(?:^|[ .()/-]+)[^ .()/-]*\Z", "", candidate)
    return 0


def cards(text: str, complete: bool) -> Iterator[Claim]:
    """Payment cards."""
    found = _CARD.search(text)
    while found is not None:
        if valid.is_card(re.sub(r"\D", "", found[0])):
            yield _claim("card", *found.span())
        # Not from its end: "1111 4111 1111 1111 1111" holds a card that a first, refused candidate would swallow.
        found = _CARD.search(text, found.start() + 1)


def ibans(text: str, complete: bool) -> Iterator[Claim]:
    """Bank accounts, in one piece or in groups."""
    for found in _IBAN.finditer(text):
        need = valid.iban_length(found[0][:2])
        spelled = (
            re.compile(rf"[A-Z0-9](?: ?[A-Z0-9]){{{need - 1}}}(?![A-Za-z0-9])").match(text, found.start())
            if need
            else None
        )
        if spelled and valid.is_iban(spelled[0].replace(" ", "")):
            yield _claim("iban", *spelled.span())


def addresses(text: str, complete: bool) -> Iterator[Claim]:
    """Public IP addresses; four numbers behind "version" are a version."""
    for found in _IPV4.finditer(text):
        if not valid.is_public_ip(found[0]):
            continue
        before = _VERSION.search(text, max(0, found.start() - 12), found.start())
        if before:
            yield Claim(start=before.start(), end=found.end(), label="ip", mask=None)
        else:
            yield _claim("ip", *found.span())
    for found in _IPV6.finditer(text):
        if valid.is_public_ip(found[0].rstrip(":")):
            yield _claim("ip", *found.span())


def encoded(text: str, complete: bool) -> Iterator[Claim]:
    """Runs of base64 that decode to text holding a secret."""
    for found in _BASE64.finditer(text):
        plain = _decoded(found[0])
        if plain:
            lowered = plain.lower()
            held = (rule for rule in SECRETS if any(needle in lowered for needle in rule.needles))
            claims = (claim for rule in held for claim in rule.find(plain, lowered, True))
            details = (claim for find in FINDERS if find is not encoded for claim in find(plain, True))
            if any(claim.mask for claim in (*claims, *details)):
                yield _claim("encoded-secret", *found.span())


def _decoded(run: str) -> str:
    run = run[:_DECODE_AT_MOST].rstrip("=").replace("-", "+").replace("_", "/")
    run += "=" * (-len(run) % 4) if len(run) % 4 != 1 else ""
    try:
        raw = b64decode(run if len(run) % 4 == 0 else run[:-1], validate=True)
    except ValueError:
        return ""
    return raw.decode("ascii") if _PRINTABLE.fullmatch(raw) else ""


def _claim(label: str, start: int, end: int) -> Claim:
    return Claim(start=start, end=end, label=label, mask=(start, end))


FINDERS: Final = (emails, phones, ibans, cards, addresses, encoded)
