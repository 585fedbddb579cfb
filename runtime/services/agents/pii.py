"""Personal data in texts: found by form, and by check digits where there are any.

Sources: IBAN by ISO 13616 (length by country, remainder 97 by ISO 7064), card numbers by ISO/IEC 7812 (Luhn), the
German tax identification number by section 139b AO (ISO 7064, MOD 11,10; one of the first ten digits comes twice or
three times).
Telephone numbers and mail addresses have no check digits: they count by their form. All patterns take linear time.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from runtime.contract import Personal

_IBAN_LENGTHS: Mapping[str, int] = {
    country: int(length)
    for length, countries in {
        "15": "NO", "16": "BE", "18": "DK FO FI GL NL SD", "19": "MK SI", "20": "AT BA EE KZ LT LU MN XK",
        "21": "CH HR LI LV", "22": "BG BH CR DE GB GE IE ME RS VA", "23": "AE GI IL IQ OM SO TL",
        "24": "AD CZ ES MD PK RO SA SE SK TN VG", "25": "LY PT ST", "26": "IS TR", "27": "BI DJ FR GR IT MC MR SM",
        "28": "AL AZ BY CY DO FK GT HN HU LB NI PL SV", "29": "BR EG PS QA UA", "30": "JO KW MU YE", "31": "MT SC",
        "32": "LC", "33": "RU",
    }.items()
    for country in countries.split()
}  # fmt: skip


@dataclass(frozen=True)
class Found:
    """Personal data in a text, from one character to before another."""

    kind: Personal
    start: int
    end: int


def find(text: str, kinds: Iterable[Personal]) -> list[Found]:
    """Return personal data of some kinds in a text, in order; where two overlap, the one that starts first."""
    wanted = set(kinds)
    every = (found for kind, finder in _FINDERS.items() if kind in wanted for found in finder(text))
    apart: list[Found] = []
    for found in sorted(every, key=lambda one: (one.start, -one.end)):
        if not apart or found.start >= apart[-1].end:
            apart.append(found)
    return apart


def counted(value: Any, kinds: Iterable[Personal]) -> dict[str, int]:
    """Return how often each kind is in a value, keys and numbers included; kinds that are not there are left out."""
    wanted, counts = tuple(kinds), dict[str, int]()
    for text in _texts(value):
        for found in find(text, wanted):
            counts[found.kind] = counts.get(found.kind, 0) + 1
    return counts


def without(value: Any, kinds: Iterable[Personal]) -> Any:
    """Return a value with `[iban removed]` in place of personal data; a number that is some becomes such a text."""
    wanted = tuple(kinds)
    if isinstance(value, str):
        return _text_without(value, wanted)
    if isinstance(value, Mapping):
        pairs = cast("Mapping[str, Any]", value).items()
        return {_text_without(key, wanted): without(part, wanted) for key, part in pairs}
    if isinstance(value, list | tuple):
        return [without(part, wanted) for part in cast("list[Any]", value)]
    if isinstance(value, int) and not isinstance(value, bool) and find(str(value), wanted):
        return _text_without(str(value), wanted)
    return value


def _text_without(text: str, kinds: Iterable[Personal]) -> str:
    for found in reversed(find(text, kinds)):
        text = f"{text[: found.start]}[{found.kind} removed]{text[found.end :]}"
    return text


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, part in cast("Mapping[str, Any]", value).items():
            yield str(key)
            yield from _texts(part)
    elif isinstance(value, list | tuple):
        for part in cast("list[Any]", value):
            yield from _texts(part)
    elif isinstance(value, int) and not isinstance(value, bool):
        yield str(value)


# --- by kind ---------------------------------------------------------------------------------------------------------

_IBAN = re.compile(r"(?<![A-Za-z0-9])([A-Za-z]{2})[0-9]{2}(?:[ -]?[A-Za-z0-9]){11,31}")
_DIGITS = re.compile(r"(?<![0-9A-Za-z])[0-9](?:[ -]?[0-9]){10,18}(?![0-9A-Za-z])")
_TAX_ID = re.compile(r"(?<![0-9A-Za-z])[1-9][0-9](?:[ ]?[0-9]{3}){3}(?![0-9A-Za-z])")
_PHONE = re.compile(
    r"(?<![0-9A-Za-z+.,-])(?:"
    r"(?:\+|00)[1-9][0-9]{0,2}[ /.-]?(?:\([0-9]{1,5}\)[ /.-]?)?[0-9](?:[ /.-]?[0-9]){5,12}"  # +49 (0)441 123456
    r"|(?:\(0[1-9][0-9]{1,4}\)|0[1-9][0-9]{1,4})[ /-]{1,3}[0-9](?:[ -]?[0-9]){3,9}"  # 0441 / 123456
    r"|01[5-7][0-9]{8,9}"  # German mobile numbers, written in one
    r")(?![0-9A-Za-z])"
)
_MAIL = re.compile(
    r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})\.){1,8}[A-Za-z]{2,24}"
)


def _ibans(text: str) -> Iterator[Found]:
    for match in _IBAN.finditer(text):
        length = _IBAN_LENGTHS.get(match[1].upper())
        end = _after(text, match.start(), length) if length else None
        if end is not None and _mod97(text[match.start() : end]):
            yield Found("iban", match.start(), end)


def _after(text: str, start: int, length: int) -> int | None:
    """Return where so many letters and digits end, if the text ends or goes on with something else there."""
    for end in range(start, len(text)):
        length -= text[end].isalnum()
        if length == 0:
            return None if text[end + 1 : end + 2].isalnum() else end + 1
    return None


def _mod97(text: str) -> bool:
    plain = re.sub(r"[ -]", "", text).upper()
    return int("".join(str(int(c, 36)) for c in plain[4:] + plain[:4])) % 97 == 1


def _cards(text: str) -> Iterator[Found]:
    for match in _DIGITS.finditer(text):
        digits = re.sub(r"[ -]", "", match[0])
        if 13 <= len(digits) <= 19 and digits[0] in "23456" and len(set(digits)) > 1 and _luhn(digits):
            yield Found("card", match.start(), match.end())


def _luhn(digits: str) -> bool:
    doubled = [int(d) * (1 + position % 2) for position, d in enumerate(reversed(digits))]
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0


def _tax_ids(text: str) -> Iterator[Found]:
    for match in _TAX_ID.finditer(text):
        if _is_tax_id(match[0].replace(" ", "")):
            yield Found("taxId", match.start(), match.end())


def _is_tax_id(digits: str) -> bool:
    counts = sorted(digits[:10].count(d) for d in set(digits[:10]))
    if counts[-1] not in (2, 3) or counts[-2] > 1:
        return False
    product = 10
    for digit in digits[:10]:
        product = ((int(digit) + product) % 10 or 10) * 2 % 11
    return (11 - product) % 10 == int(digits[10])


def _by_form(kind: Personal, pattern: re.Pattern[str]) -> Callable[[str], Iterator[Found]]:
    return lambda text: (Found(kind, match.start(), match.end()) for match in pattern.finditer(text))


_FINDERS: Mapping[Personal, Callable[[str], Iterator[Found]]] = {
    "iban": _ibans,
    "card": _cards,
    "taxId": _tax_ids,
    "phone": _by_form("phone", _PHONE),
    "mail": _by_form("mail", _MAIL),
}
