"""Where a cursor stands in a text that may be half typed: in which document, at which path, on a key or a value.

A text that is no YAML yet is tried again with what is missing: a word at the cursor, closed quotes and brackets, and
at last only the lines that the cursor's line is indented below.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import yaml

from generator.compose import readable
from generator.model import Loc

MARK = "apm-cursor"
"""Word that is written at the cursor to find it again."""
_WORD = re.compile(r"[\w./$-]*$")
_REST = re.compile(r"[\w./$-]*")
_CLOSING = {"{": "}", "[": "]"}


@dataclass(frozen=True)
class Spot:
    """A part of a document."""

    value: Any
    """Plain value of the document: mappings, lists, texts."""
    loc: Loc
    key: bool
    """Whether it is the key at the path, and not its value."""
    start: int
    end: int
    """Characters of the text from which, and up to which, it is written; of a half-typed word, what is there of it."""
    word: str = ""
    """The scalar, or what is typed of it."""

    @property
    def beside(self) -> list[str]:
        """Keys of the mapping that holds the part."""
        holder = self.at(self.loc[:-1])
        return [str(key) for key in cast("Mapping[Any, Any]", holder)] if isinstance(holder, Mapping) else []

    def at(self, loc: Loc) -> Any:
        """Return the value at a path; None where there is none."""
        here = self.value
        for part in loc:
            if isinstance(here, Mapping):
                here = cast("Mapping[str | int, Any]", here).get(part)
            elif isinstance(here, list) and isinstance(part, int) and part < len(cast("list[Any]", here)):
                here = cast("list[Any]", here)[part]
            else:
                return None
        return here


def plain(node: Any) -> Any:
    """Return the value of a node with texts for all scalars; the first of equal keys counts."""
    if isinstance(node, yaml.MappingNode):
        pairs = cast("list[tuple[Any, Any]]", node.value)
        return {str(key.value): plain(value) for key, value in reversed(pairs)}
    if isinstance(node, yaml.SequenceNode):
        return [plain(item) for item in cast("list[Any]", node.value)]
    return str(node.value)


def spot(text: str, offset: int) -> Spot | None:
    """Return the scalar at a character; None where there is none, or the text is no YAML."""
    for root in readable(text):
        if root.start_mark.index <= offset <= root.end_mark.index:
            for node, loc, key in scalars(root):
                start, end = node.start_mark.index, node.end_mark.index
                if start <= offset <= end and start < end:
                    return Spot(plain(root), loc, key, start, end, str(node.value))
    return None


def scalars(node: Any, loc: Loc = (), key: bool = False) -> Iterator[tuple[Any, Loc, bool]]:
    """Yield every scalar below a node, with its path and whether it is a key."""
    if isinstance(node, yaml.ScalarNode):
        yield node, loc, key
    elif isinstance(node, yaml.MappingNode):
        for name, value in cast("list[tuple[Any, Any]]", node.value):
            here = (*loc, str(name.value))
            yield from scalars(name, here, True)
            yield from scalars(value, here)
    elif isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(cast("list[Any]", node.value)):
            yield from scalars(item, (*loc, number))


def half_typed(text: str, offset: int) -> Spot | None:
    """Return the place at a character where a word is being typed, or could be; `word` is what stands before it."""
    word = _WORD.search(text[:offset])
    start = word.start() if word else offset
    rest = _REST.match(text, offset)
    end = rest.end() if rest else offset
    for trial in _trials(text, start, end):
        for root in readable(trial):
            for node, loc, key in scalars(root):
                if MARK in str(node.value):
                    value = str(node.value)
                    typed = value[: value.index(MARK)] + text[start:offset]
                    return Spot(plain(root), loc, key, start, end, typed)
    return None


def _trials(text: str, start: int, end: int) -> Iterator[str]:
    """Yield texts in which a word stands at the cursor, the likeliest first."""
    above = text[:start]
    line = above[above.rfind("\n") + 1 :]
    after = text[end:]
    stop = after.find("\n") if "\n" in after else len(after)
    rest, under = after[:stop], after[stop:]
    first = line.strip(" ").strip("-").strip(" ") == ""
    words = (f"{MARK}:", MARK) if first and not rest.lstrip().startswith(":") else (MARK,)
    heads = (above, *_skeletons(above, line))
    for number, head in enumerate(heads):
        for word in words:
            yield f"{head}{word}{rest}{under if number == 0 else ''}"
            yield f"{head}{word}{_closed(line)}{under if number == 0 else ''}"


def _closed(line: str) -> str:
    """Return the quotes and brackets that a line leaves open."""
    opened: list[str] = []
    quote = ""
    for char in line:
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char in _CLOSING:
            opened.append(_CLOSING[char])
        elif opened and char == opened[-1]:
            opened.pop()
    return quote + "".join(reversed(opened))


def _skeletons(above: str, line: str) -> Iterator[str]:
    """Yield the lines that a line is indented below, and the line itself; the kind of the document comes first."""
    lines = above[: len(above) - len(line)].split("\n")
    document = next((n for n in range(len(lines) - 1, -1, -1) if lines[n].startswith("---")), -1) + 1
    kept = list(_ancestors(lines[document:], _indent(line)))
    kind = next((row for row in lines[document:] if row.startswith("kind:")), "")
    yield "\n".join([*([kind] if kind and kind not in kept else []), *kept, line])


def _ancestors(lines: Sequence[str], indent: int) -> list[str]:
    found: list[str] = []
    for row in reversed(lines):
        body = row.strip()
        if body and not body.startswith("#") and _indent(row) < indent:
            found.insert(0, row)
            indent = _indent(row)
    return found


def _indent(row: str) -> int:
    return len(row) - len(row.lstrip(" "))
