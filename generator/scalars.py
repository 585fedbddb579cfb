"""What an unquoted scalar is: a value that all YAML readers agree on, or one that they read differently."""

import math
import re
from functools import lru_cache
from typing import Any

_PLAIN = {"": None, "~": None, "null": None, "Null": None, "NULL": None,
          "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}  # fmt: skip
_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(0|[1-9][0-9]*)?\.[0-9]+|[-+]?(0|[1-9][0-9]*)\.[0-9]*")
_AMBIGUOUS = re.compile(
    r"(?i:y|n|yes|no|on|off|=|<<"
    r"|[-+]?0[0-9_]+|[-+]?0o[0-7_]+|[-+]?0x[0-9a-f_]+|0b[01_]+"  # octal, hexadecimal, binary
    r"|[-+]?[0-9]+(_[0-9]+)+|[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?"  # 1_000, 12:30
    r"|[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)e[-+]?[0-9]+|[-+]?\.inf|\.nan"  # 1e3
    r"|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ].*)?)"
)
MOST_DIGITS = 15
"""So many digits every reader of numbers keeps."""
_YES, _NO = ("y", "yes", "on"), ("n", "no", "off")
_BASED = re.compile(r"(?i)[-+]?0(?:o[0-7_]*[0-7]|x[0-9a-f_]*[0-9a-f]|b[01_]*[01])")
_DIGITS = re.compile(r"(?i)[-+]?[0-9_]*[0-9](?:\.[0-9]*)?(?:e[-+]?[0-9]+)?|[-+]?\.[0-9]+(?:e[-+]?[0-9]+)?")


MERGE = "<<"
"""Key that puts the keys of another mapping here, for readers of YAML 1.1."""


class Ambiguous(str):
    """Text of a scalar that readers disagree about."""

    __slots__ = ()


def unclear(text: str) -> str:
    """Return what is wrong with such a text."""
    return f"`{text}` is read differently by YAML 1.1 and YAML 1.2"


@lru_cache(maxsize=16384)
def plain(text: str) -> Any:
    """Return the value of an unquoted scalar; `Ambiguous` where readers disagree about it."""
    if text in _PLAIN:
        return _PLAIN[text]
    if text[0] in "0123456789.+-yYnNoO=<":
        if _INT.fullmatch(text):
            return int(text)
        if _FLOAT.fullmatch(text):
            return float(text)
        if _AMBIGUOUS.fullmatch(text):
            return Ambiguous(text)
    return text


def truth(text: str) -> bool | None:
    """Return what an ambiguous scalar means where true or false is wanted; None where it is neither."""
    return True if text.lower() in _YES else False if text.lower() in _NO else None


def number(text: str) -> float | int | None:
    """Return what an ambiguous scalar means where a number is wanted; None where it is none.

    Of digits behind a zero, the number that they are without it: another reader takes them for octal.
    """
    if _BASED.fullmatch(text):
        return int(text.replace("_", ""), 0)
    digits = text.replace("_", "")
    if not _DIGITS.fullmatch(text) or len(digits) > MOST_DIGITS or not math.isfinite(value := float(digits)):
        return None
    if value.is_integer():
        return int(value)
    return None if "e" in repr(value) else value


def octal(text: str) -> int | None:
    """Return what digits behind a zero mean to readers of YAML 1.1, where that is another number."""
    digits = text.replace("_", "")
    found = int(digits, 8) if re.fullmatch(r"[-+]?0[0-7]+", digits) else None
    return None if found is None or found == number(text) else found


def clock(text: str) -> tuple[str, str] | None:
    """Return what `1:30` may mean where a duration is wanted: minutes and seconds, or hours and minutes."""
    match = re.fullmatch(r"([0-9]{1,3}):([0-5]?[0-9])", text)
    if match is None:
        return None
    parts = int(match[1]) * 60 + int(match[2])
    return f"{parts}s", f"{parts}m"
