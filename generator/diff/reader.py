"""Reads what `emit.dumps` writes, and nothing else: four times as fast as libyaml, for diffs of thousands of objects.

Whatever it does not know for certain (an edit by hand, a merge conflict, another emitter) is a `ValueError`; the caller
then takes a whole YAML reader. A test holds both to the same values.
"""

import json
import re
from functools import lru_cache
from typing import Any

from generator.emit import scalar

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
_QUOTED_KEY = re.compile(r'("(?:[^"\\]|\\.)*"):(?: |$)')
_SHORT_HEX = re.compile(r"\\(\\|x[0-9a-f]{2})")
_WORDS = {"true": True, "false": False, "null": None}


class _Other(ValueError):  # noqa: N818  (a verdict on the text)
    """Not what the emitter writes."""


class _Lines(list[str]):
    """Lines, and how far each is indented."""

    indents: list[int]


def loads(text: str) -> Any:
    """Return the value of one document.

    Raises:
        ValueError: the text is not what `emit.dumps` writes.
    """
    lines = _Lines(text.split("\n"))
    if lines.pop() != "":
        raise _Other("no newline at the end")
    if lines == ["{}"]:
        return {}
    lines.indents = [len(line) - len(line.lstrip(" ")) for line in lines]
    try:
        value, end = _mapping(lines, 0, 0)
    except IndexError:
        raise _Other("ends too early") from None
    if end != len(lines):
        raise _Other(f"line {end + 1}")
    return value


def _mapping(lines: _Lines, at: int, indent: int, first: str = "") -> tuple[dict[str, Any], int]:
    """Return a mapping and the line after it; `first` is its first line where that stands behind a dash."""
    found: dict[str, Any] = {}
    count = len(lines)
    line = first or lines[at][indent:]
    while True:
        key, rest = _split(line)
        if key in found:
            raise _Other("a key twice")
        if rest:
            found[key], at = _inline(lines, at, rest, indent)
        else:
            found[key], at = _nested(lines, at + 1, indent)
        if at >= count or lines.indents[at] != indent or _is_item(lines[at], indent):
            return found, at
        line = lines[at][indent:]


def _is_item(line: str, indent: int) -> bool:
    return line.startswith("- ", indent) or line[indent:] == "-"


def _split(line: str) -> tuple[str, str]:
    if line[0] == '"':
        match = _QUOTED_KEY.match(line)
        if match is None:
            raise _Other("a key")
        return _quoted(match[1]), line[match.end() :]
    key, colon, rest = line.partition(": ")
    if not colon:
        if not key.endswith(":"):
            raise _Other("no key")
        key = key[:-1]
    if scalar(key) != key:
        raise _Other("a key")
    return key, rest


def _inline(lines: _Lines, at: int, rest: str, indent: int) -> tuple[Any, int]:
    """Return a value that begins on the line of its key or dash, and the line after it."""
    if rest[0] == "|":
        return _block(lines, at + 1, indent + 2, rest)
    return _scalar(rest), at + 1


def _nested(lines: _Lines, at: int, indent: int) -> tuple[Any, int]:
    line = lines[at]
    if lines.indents[at] == indent and _is_item(line, indent):
        return _sequence(lines, at, indent)
    if lines.indents[at] != indent + 2:
        raise _Other("nothing inside")
    return _mapping(lines, at, indent + 2)


def _sequence(lines: _Lines, at: int, indent: int) -> tuple[list[Any], int]:
    found: list[Any] = []
    count = len(lines)
    while at < count and lines.indents[at] == indent and _is_item(lines[at], indent):
        rest = lines[at][indent + 2 :]
        if lines[at][indent:] == "-":
            item, at = _sequence(lines, at + 1, indent + 2)
        elif not rest:
            raise _Other("a dash")
        elif _is_pair(rest):
            item, at = _mapping(lines, at, indent + 2, rest)
        else:
            item, at = _inline(lines, at, rest, indent)
        found.append(item)
    if not found:
        raise _Other("no item")
    return found, at


def _is_pair(rest: str) -> bool:
    if rest[0] == '"':
        return _QUOTED_KEY.match(rest) is not None
    return ": " in rest or rest[-1] == ":"


def _block(lines: _Lines, at: int, indent: int, head: str) -> tuple[str, int]:
    if head not in ("|", "|-"):
        raise _Other("a block")
    start, pad = at, " " * indent
    count = len(lines)
    while at < count and (lines[at].startswith(pad) or not lines[at]):
        at += 1
    body = [line[indent:] for line in lines[start:at]]
    if not body or not body[0] or not body[-1]:
        raise _Other("a block")
    return "\n".join(body) + ("\n" if head == "|" else ""), at


@lru_cache(maxsize=65536)
def _scalar(text: str) -> Any:
    if text[0] == '"':
        return _quoted(text)
    if text in _WORDS:
        return _WORDS[text]
    if text in ("[]", "{}"):
        return [] if text == "[]" else {}
    if _NUMBER.fullmatch(text):
        return float(text) if "." in text else int(text)
    if scalar(text) != text:
        raise _Other("a scalar")
    return text


def _quoted(text: str) -> str:
    if "\\x" in text:
        text = _SHORT_HEX.sub(lambda m: m[0] if m[1] == "\\" else f"\\u00{m[1][1:]}", text)
    try:
        found = json.loads(text)
    except ValueError:
        raise _Other("quotes") from None
    if not isinstance(found, str):
        raise _Other("quotes")
    return found
