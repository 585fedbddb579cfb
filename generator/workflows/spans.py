"""Where a part of a text stands in the YAML scalar that it was read from."""

import re
from collections.abc import Iterator
from itertools import islice

from generator.places import place_at
from generator.problems import Place

_LONG = {"x": 2, "u": 4, "U": 8}
_BLOCK = re.compile("[|>]([-+0-9]*)[ \t]*(#[^\n\x85\u2028\u2029]*)?[\n\x85\u2028\u2029]")  # ends of lines in YAML 1.1
_LINE = re.compile(r"[^\n]*\n|[^\n]+")

Part = tuple[str, int, int]
"""A character of the value (empty of an escape), and where in the source it begins and ends."""


def inside(source: str, scalar: Place, value: str, offset: int, length: int = 1) -> Place:
    """Return the place of `value[offset:offset+length]`, where `scalar` is the place of the whole value.

    Reads quotes, escapes, and folded and literal blocks as YAML does. Where source and value can't be brought together,
    the place of the scalar is returned.
    """
    spans = _spans(source, _position(source, scalar), value)
    if not spans:
        return scalar
    at = spans[offset][0] if offset < len(spans) else spans[-1][1]
    end = spans[min(offset + length, len(spans)) - 1][1]
    line_end = source.find("\n", at)
    room = (len(source) if line_end < 0 else line_end) - at
    return place_at(scalar.file, source, at, min(end - at, room))


def _position(source: str, place: Place) -> int:
    at = 0
    for _ in range(place.line - 1):
        at = source.find("\n", at) + 1
    return at + place.column - 1


def _spans(source: str, start: int, value: str) -> list[tuple[int, int]]:
    """Return for each character of a value where in the source it is written; nothing where they don't agree."""
    for parts in _readings(source, start):
        read = list(islice(parts, len(value)))
        if len(read) == len(value) and all(char in (one, "") for one, (char, _, _) in zip(value, read, strict=True)):
            return [(first, last) for _, first, last in read]
    return []


def _readings(source: str, start: int) -> Iterator[Iterator[Part]]:
    """Yield the ways in which a scalar may be read: the indentation of a block may depend on what is around it."""
    header = _BLOCK.match(source, start)
    if header and source[start] in "|>":
        for indent in _indents(source, header.end(), header[1]):
            lines = _lines(source, header.end(), indent)
            yield _literal(lines) if source[start] == "|" else _folded(lines)
    elif source[start : start + 1] in ("'", '"'):
        yield _flow(source, start + 1, source[start])
    else:
        yield _flow(source, start, "")


# --- blocks ---------------------------------------------------------------------------------------------------------

Line = tuple[str, int]
"""Text of a line without its indentation and its end, and where it begins."""


def _indents(source: str, start: int, signs: str) -> Iterator[int]:
    """Yield how far a block may be indented: as its first line that is not empty, or less where a number says so."""
    first = re.compile(r"(?:[ \t]*\n)*( *)").match(source, start)
    width = len(first[1]) if first else 0
    yield from range(width, 0, -1) if re.search("[0-9]", signs) else [width]


def _lines(source: str, at: int, indent: int) -> Iterator[Line]:
    """Yield the lines of a block, to the first one that is indented less."""
    for found in _LINE.finditer(source, at):
        line: str = found[0]
        blank = len(line) - len(line.lstrip(" "))
        if blank < indent and line.strip():
            return
        skipped = min(indent, blank)
        yield line.rstrip("\n")[skipped:], found.start() + skipped


def _literal(lines: Iterator[Line]) -> Iterator[Part]:
    for text, at in lines:
        yield from _chars(text, at)
        yield _break(at + len(text))


def _folded(lines: Iterator[Line]) -> Iterator[Part]:
    """Yield what a folded block says: single breaks between lines that are not indented further are spaces."""
    breaks: list[int] = []
    further = True  # in front of the first line nothing is folded
    for text, at in lines:
        if not text:
            breaks.append(at)
            continue
        begins = text[0] in " \t"
        yield from _breaks(breaks, keep=further or begins)
        yield from _chars(text, at)
        breaks, further = [at + len(text)], begins
    yield from map(_break, breaks)


def _break(at: int) -> Part:
    return "\n", at, at + 1


def _breaks(breaks: list[int], *, keep: bool) -> Iterator[Part]:
    if len(breaks) == 1 and not keep:
        yield " ", breaks[0], breaks[0] + 1
    else:
        yield from map(_break, breaks if keep else breaks[1:])


def _chars(text: str, at: int) -> Iterator[Part]:
    return ((char, at + number, at + number + 1) for number, char in enumerate(text))


# --- plain and quoted -----------------------------------------------------------------------------------------------

_FOLD = re.compile(r"[ \t]*\n[ \t\n]*")


def _flow(source: str, at: int, quote: str) -> Iterator[Part]:
    """Yield what a plain or quoted scalar says; a break between two lines is a space, further ones are breaks."""
    while at < len(source):
        if fold := _FOLD.match(source, at):
            breaks = [fold.start() + number for number, char in enumerate(fold[0]) if char == "\n"]
            yield from _breaks(breaks, keep=False)
            at = fold.end()
        elif quote == '"' and source.startswith("\\\n", at):  # a line that goes on
            at = _FOLD.match(source, at + 1).end()  # pyright: ignore[reportOptionalMemberAccess]
        else:
            width = _escape(source, at, quote)
            yield (source[at] if width == 1 else ""), at, at + width
            at += width


def _escape(source: str, at: int, quote: str) -> int:
    """Return how many characters of the source make one character of the value."""
    if quote == "'" and source.startswith("''", at):
        return 2
    if quote == '"' and source[at] == "\\" and at + 1 < len(source):
        return 2 + _LONG.get(source[at + 1], 0)
    return 1
