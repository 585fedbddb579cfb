"""Values -> YAML text that YAML 1.1, YAML 1.2 and Go readers all read as the same values.

A plain scalar is written only where no reader could take it for anything but that text; everything else is quoted.
Python's emitters leave `1e3`, `0o17` or `y` plain (wrong for Go) and are 10 to 100 times slower.
"""

import json
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, cast

_SAFE = re.compile(r"[A-Za-z_/$][A-Za-z0-9_./$()<>=+,;^~\\-]*(?:[ ][A-Za-z0-9_./$()<>=+,;^~\\-]+)*")
_WORDS = frozenset(["y", "n", "yes", "no", "on", "off", "true", "false", "null", "none", "nan", "inf"])
_UNSAFE_IN_BLOCK = re.compile("[^\n\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd]|[\x85\u2028\u2029]")
_ESCAPED = re.compile('[\x00-\x1f"\\\\\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]')
_LONGEST_KEY = 1000
"""Characters; readers look for the colon of a key no further than 1024 (YAML 1.2, 7.4.2), so longer ones get a `?`."""
_ATOMS = frozenset((int, bool, float, type(None)))
_SHORT = {"\n": "\\n", "\t": "\\t", "\r": "\\r", '"': '\\"', "\\": "\\\\"}


def dumps(value: Mapping[str, Any]) -> str:
    """Return one YAML document in block style, keys in the order of the mapping.

    Raises:
        TypeError: a value is no str, int, float, bool, None, mapping or sequence of such, or a key is no str.
    """
    out: list[str] = []
    _mapping(value, "", out)
    return "".join(out) or "{}\n"


def _mapping(value: Mapping[str, Any], indent: str, out: list[str]) -> None:
    for key, item in value.items():
        if type(key) is not str:  # pyright: ignore[reportUnnecessaryComparison]
            raise TypeError(f"a key must be a text, not {key!r}")
        name = scalar(key)
        head = f"{indent}{name}:" if len(name) < _LONGEST_KEY else f"{indent}? {name}\n{indent}:"
        kind: type[Any] = item.__class__
        if kind is str:
            out.append(f"{head} {_text(item, indent + '  ')}\n")
        elif kind in _ATOMS:
            out.append(f"{head} {_other(item)}\n")
        elif kind is dict or isinstance(item, Mapping):
            if item:
                out.append(f"{head}\n")
                _mapping(cast("Mapping[str, Any]", item), indent + "  ", out)
            else:
                out.append(f"{head} {{}}\n")
        elif kind is list or kind is tuple:
            if item:
                out.append(f"{head}\n")
                _sequence(item, indent, out)
            else:
                out.append(f"{head} []\n")
        else:
            out.append(f"{head} {_other(item)}\n")


def _sequence(value: Sequence[Any], indent: str, out: list[str]) -> None:
    for item in value:
        kind: type[Any] = item.__class__
        if kind is str:
            out.append(f"{indent}- {_text(item, indent + '  ')}\n")
        elif (kind is dict or isinstance(item, Mapping)) and item:
            start = len(out)
            _mapping(cast("Mapping[str, Any]", item), indent + "  ", out)
            out[start] = f"{indent}- {out[start][len(indent) + 2 :]}"
        elif (kind is list or kind is tuple) and item:
            out.append(f"{indent}-\n")
            _sequence(cast("Sequence[Any]", item), indent + "  ", out)
        else:
            out.append(f"{indent}- {_other(item)}\n")


def _other(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _number(value)
    if value in ({}, [], ()):
        return "[]" if isinstance(value, (list, tuple)) else "{}"
    raise TypeError(f"can't be written as YAML: {type(value).__name__}")


def _number(value: float) -> str:
    text = repr(value)
    if "n" in text:
        raise TypeError(f"can't be written as YAML: {value!r}")
    if "e" in text:  # 1e+16: readers disagree whether that is a number
        text = format(Decimal(text), "f")
    return text if "." in text else f"{text}.0"


def _text(text: str, indent: str) -> str:
    if "\n" in text and _fits_block(text):
        body = text.removesuffix("\n")
        lines = "\n".join(f"{indent}{line}" if line else "" for line in body.split("\n"))
        return f"{'|' if text.endswith(chr(10)) else '|-'}\n{lines}"
    return scalar(text)


def _fits_block(text: str) -> bool:
    if text[0] in " \n\t" or text.endswith("\n\n") or _UNSAFE_IN_BLOCK.search(text):
        return False
    return all(line == line.rstrip(" \t") for line in text.split("\n")) and text.strip() != ""


@lru_cache(maxsize=16384)
def scalar(text: str) -> str:
    """Return a text as a scalar on one line: plain where every reader takes it for this text, else quoted."""
    if _SAFE.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return f'"{_ESCAPED.sub(_escape, text)}"'


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    if character in _SHORT:
        return _SHORT[character]
    if 0xD800 <= ord(character) <= 0xDFFF:
        raise TypeError("can't be written as YAML: half of a surrogate pair")
    return f"\\x{ord(character):02x}" if ord(character) < 256 else f"\\u{ord(character):04x}"


def canonical(value: Any) -> bytes:
    """Return a value as JSON with sorted keys: what digests are made of."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
