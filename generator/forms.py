"""How a text is written that is nearly in a form of ours: names, durations, whole numbers."""

import re

from runtime.contract.values import UNITS

_MILLIS = {
    "ms": 1, "millisecond": 1, "s": 1000, "sec": 1000, "second": 1000, "m": 60_000, "min": 60_000, "minute": 60_000,
    "h": 3_600_000, "hr": 3_600_000, "hour": 3_600_000, "d": 86_400_000, "day": 86_400_000, "w": 604_800_000,
    "week": 604_800_000,
}  # fmt: skip
_TIME = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|[a-z]+?)s?(?=[\s\d,]|$)[\s,]*")
_ISO = re.compile(r"p(?=\d+d$)|pt(?=\d)")
"""What stands in front of a duration of ISO 8601 that has no months."""
_NUMBER = re.compile(r"(\d{1,3}(?:[ ,._']?\d{3})*)([kKM]?)")
_FACTORS = {"": 1, "k": 1000, "K": 1000, "M": 1_000_000}


def name(text: str) -> str:
    """Return a text as a name: `Van_Stage` as `van-stage`; empty where nothing is left of it."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower())[:63].strip("-")


def duration(text: str) -> str:
    """Return a time in words, in parts or of ISO 8601 as a duration: `2 days` as `2d`; empty where it is none."""
    rest = _ISO.sub("", text.lower().strip(), 1)
    parts = _TIME.findall(rest)
    if not parts or _TIME.sub("", rest) or any(unit not in _MILLIS for _, unit in parts):
        return ""
    total = round(sum(float(number) * _MILLIS[unit] for number, unit in parts))
    return next(f"{total // size}{unit}" for unit, size in reversed(UNITS.items()) if total % size == 0)


def whole(text: str) -> str:
    """Return a number with signs between its digits, or a factor, as digits: `20k` as `20000`; empty for others."""
    found = _NUMBER.fullmatch(text)
    return str(int(re.sub(r"\D", "", found[1])) * _FACTORS[found[2]]) if found else ""
