"""Where a part of a text stands in the YAML scalar that it was read from."""

import re
from dataclasses import replace

from generator.problems import Place

_LONG = {"x": 2, "u": 4, "U": 8}
_BLOCK = re.compile(r"[|>][-+0-9]*[ \t]*(#[^\n]*)?\n")


def inside(source: str, scalar: Place, value: str, offset: int, length: int = 1) -> Place:
    """Return the place of `value[offset:offset+length]`, where `scalar` is the place of the whole value.

    Reads quotes, escapes, and folded and literal blocks. Where source and value can't be brought together, the place of
    the scalar is returned.
    """
    start = _position(source, scalar)
    quote = source[start : start + 1]
    if quote in ("|", ">"):
        header = _BLOCK.match(source, start)
        at = _walk(source, header.end() if header else start, value, offset, "")
    elif quote in ("'", '"'):
        at = _walk(source, start + 1, value, offset, quote)
    else:
        at = _walk(source, start, value, offset, "")
    if at is None:
        return scalar
    line_start = source.rfind("\n", 0, at) + 1
    line_end = source.find("\n", at)
    room = (len(source) if line_end < 0 else line_end) - at
    return replace(
        scalar, line=source.count("\n", 0, at) + 1, column=at - line_start + 1, length=max(1, min(length, room))
    )


def _position(source: str, place: Place) -> int:
    at = 0
    for _ in range(place.line - 1):
        at = source.find("\n", at) + 1
    return at + place.column - 1


def _walk(source: str, at: int, value: str, offset: int, quote: str) -> int | None:
    """Return the position in the source at which `value[offset]` is written."""
    read = 0
    while at < len(source):
        if read < len(value) and value[read].isspace() and source[at].isspace():
            if read >= offset and source[at] != "\n":
                return at
            read, at = _spaces(value, read), _spaces(source, at)
            continue
        if source[at].isspace():  # indentation and folded lines
            at += 1
            continue
        if quote == '"' and source.startswith("\\\n", at):  # a line that goes on
            at += 2
            continue
        if read >= offset:
            return at
        width = _escape(source, at, quote)
        if width == 1 and read < len(value) and source[at] != value[read]:
            return None
        at += width
        read += 1
    return None


def _spaces(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _escape(source: str, at: int, quote: str) -> int:
    """Return how many characters of the source make one character of the value."""
    if quote == "'" and source.startswith("''", at):
        return 2
    if quote == '"' and source[at] == "\\" and at + 1 < len(source):
        return 2 + _LONG.get(source[at + 1], 0)
    return 1
