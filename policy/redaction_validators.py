"""Second look at what a pattern found: checksums and shapes that tell a secret from ordinary operations text."""

import ipaddress
import re
from collections import Counter
from math import log2
from typing import Final

_IBAN_LENGTH: Final = {
    **dict.fromkeys(("AT", "BA", "EE", "LT", "LU", "XK", "KZ"), 20),
    **dict.fromkeys(("CH", "CR", "HR", "LI", "LV"), 21),
    **dict.fromkeys(("BG", "BH", "DE", "GB", "GE", "IE", "ME", "RS", "VA"), 22),
    **dict.fromkeys(("AE", "GI", "IL", "IQ", "TL"), 23),
    **dict.fromkeys(("AD", "CZ", "ES", "MD", "PK", "RO", "SA", "SE", "SK", "TN", "VG"), 24),
    **dict.fromkeys(("PT", "ST"), 25),
    **dict.fromkeys(("IS", "TR"), 26),
    **dict.fromkeys(("FR", "GR", "IT", "MC", "MR", "SM"), 27),
    **dict.fromkeys(("AL", "AZ", "BY", "CY", "DO", "GT", "HU", "LB", "PL", "SV"), 28),
    **dict.fromkeys(("BR", "EG", "PS", "QA", "UA"), 29),
    **{"BE": 16, "NO": 15, "DK": 18, "FI": 18, "FO": 18, "GL": 18, "NL": 18, "MK": 19, "SI": 19, "KW": 30, "JO": 30,
       "MU": 30, "MT": 31, "SC": 31, "LC": 32},
}  # fmt: skip

_WORDS: Final = (
    "a an and are changed empty env expired false for hidden incorrect invalid is it masked missing must n/a new nil "
    "no none not null of on optional or password please prompt required reset rotated secret set str string the to "
    "token true try undefined unset was wrong yes your"
)
_NOT_A_VALUE: Final = frozenset(_WORDS.split())
_REFERENCE: Final = re.compile(
    r"\$\{?\w*\}?|\$\(.*|\{\{.*|<.*|%\(.*|\[?redacted.*|\[withheld.*|[*x•.#-]+", re.IGNORECASE | re.DOTALL
)


def luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of the others."""
    doubled = (int(one) * 2 for one in digits[-2::-2])
    return (sum(int(one) for one in digits[::-2]) + sum(one - 9 if one > 9 else one for one in doubled)) % 10 == 0


def is_card(digits: str) -> bool:
    """A number that a card brand could have issued. Brands keep epochs and ids of other lengths out."""
    first4, size = int(digits[:4]), len(digits)
    brand = (
        (digits[0] == "4" and size == 16)
        or ((5100 <= first4 <= 5599 or 2221 <= first4 <= 2720) and size == 16)
        or (digits[:2] in {"34", "37"} and size == 15)
        or ((digits[:4] == "6011" or digits[:2] == "65" or 3528 <= first4 <= 3589) and size == 16)
        or (digits[:2] in {"36", "38"} and size == 14)
        or (digits[:2] == "62" and 16 <= size <= 19)
    )
    return brand and luhn(digits)


def iban_length(country: str) -> int:
    """How long an IBAN of this country is; 0 when there is none."""
    return _IBAN_LENGTH.get(country, 0)


def is_iban(compact: str) -> bool:
    """Whether length and check digits (ISO 7064, mod 97) fit."""
    if len(compact) != iban_length(compact[:2]):
        return False
    return int("".join(str(int(one, 36)) for one in compact[4:] + compact[:4])) % 97 == 1


def is_public_ip(text: str) -> bool:
    """An address that names somebody's machine on the internet: not private, loopback, documentation or multicast."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    if address.version == 6 and (int(address) >> 125) != 1:  # only 2000::/3 is handed out
        return False
    return address.is_global and not address.is_multicast


def is_phone(text: str, region: str | None = None) -> bool:
    """Whether a phone of this number can exist; without a region it must begin with +."""
    import phonenumbers  # two MB that most bots need only when the first number comes by

    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(text, region))
    except phonenumbers.NumberParseException:
        return False


def is_value(text: str) -> bool:
    """Not a placeholder, a reference to a variable, or a word that follows "password:" in prose."""
    return text.lower().rstrip(".!?:") not in _NOT_A_VALUE and not _REFERENCE.fullmatch(text)


def is_spoken_secret(text: str) -> bool:
    """After "password is": something no word looks like, because "password is wrong" is ordinary text."""
    mixed = text[1:] != text[1:].lower() and text != text.upper()
    return is_value(text) and (mixed or any(one.isdigit() for one in text) or bool(re.search(r"[^\w.!?-]", text)))


def looks_random(text: str) -> bool:
    """Letters and at least two digits, spread as in generated keys."""
    digits = sum(one.isdigit() for one in text)
    if digits < 2 or digits == len(text) or not is_value(text):
        return False
    size = len(text)
    return -sum(n / size * log2(n / size) for n in Counter(text).values()) > 2.8
