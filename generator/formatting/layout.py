"""Moves and indents the lines of YAML texts, by the marks of the composer."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, cast

import yaml

from generator.formatting.order import Root, below, keys
from generator.model import Kind
from generator.places import compose

INDENT = 2
_SEPARATOR = re.compile(r"(---|\.\.\.)(\s|$)")
_DASH = re.compile(r"-( +)$")


# --- flow style -----------------------------------------------------------------------------------------------------


def sorted_flow(text: str, kinds: Mapping[str, Kind]) -> str:
    """Return a text whose flow mappings have their keys in order; those of several lines are left as they are."""
    if _has_anchors(text):
        return text
    edits = sorted(edit for root in compose(text) for edit in _flow_edits(text, root, Root(_kind(root, kinds))))
    for start, end, new in reversed(edits):
        text = text[:start] + new + text[end:]
    return text


def _flow_edits(text: str, node: Any, model: Any) -> Iterator[tuple[int, int, str]]:
    if isinstance(node, yaml.ScalarNode):
        return
    if node.flow_style:
        if node.start_mark.line == node.end_mark.line:
            yield node.start_mark.index, node.end_mark.index, _flow(text, node, model)
        return
    for _, value, inner in _children(node, model):
        yield from _flow_edits(text, value, inner)


def _flow(text: str, node: Any, model: Any) -> str:
    """Return the text of a flow node; what stands between its parts stays where it is."""
    start, end = node.start_mark.index, node.end_mark.index
    children = list(_children(node, model))
    if not children:
        return text[start:end]
    spans = [((key or value).start_mark.index, value.end_mark.index) for key, value, _ in children]
    parts = [text[first : value.start_mark.index] + _part(text, value, inner)
             for (first, _), (_, value, inner) in zip(spans, children, strict=True)]  # fmt: skip
    gaps = [text[before[1] : after[0]] for before, after in pairwise(spans)]
    ordered = [parts[position] for position in _order(node, model)]
    body = "".join(part + gap for part, gap in zip(ordered, [*gaps, ""], strict=True))
    return text[start : spans[0][0]] + body + text[spans[-1][1] : end]


def _part(text: str, node: Any, model: Any) -> str:
    if isinstance(node, yaml.ScalarNode):
        return text[node.start_mark.index : node.end_mark.index]
    return _flow(text, node, model)


# --- what stands where ----------------------------------------------------------------------------------------------


def _children(node: Any, model: Any) -> Iterator[tuple[Any, Any, Any]]:
    """Yield key (None for an item), value and model of every part of a mapping or a list."""
    if isinstance(node, yaml.MappingNode):
        pairs = cast("list[tuple[Any, Any]]", node.value)
        written = [key.value for key, _ in pairs]
        for key, value in pairs:
            yield key, value, below(model, key.value, written)
    else:
        for number, item in enumerate(node.value):
            yield None, item, below(model, number)


def _order(node: Any, model: Any) -> list[int]:
    """Return the positions of a node's parts in the order in which they are written."""
    if not isinstance(node, yaml.MappingNode):
        return list(range(len(node.value)))
    written: list[str] = [key.value for key, _ in cast("list[tuple[Any, Any]]", node.value)]
    known = {name: rank for rank, name in enumerate(keys(model, written))}
    return sorted(range(len(written)), key=lambda position: known.get(written[position], len(known)))


def _kind(root: Any, kinds: Mapping[str, Kind]) -> Kind | None:
    if not isinstance(root, yaml.MappingNode):
        return None
    pairs = cast("list[tuple[Any, Any]]", root.value)
    return next((kinds.get(str(value.value)) for key, value in pairs if key.value == "kind"), None)


def _has_anchors(text: str) -> bool:
    """Return whether a text has anchors: an alias has to stay below its anchor, and its node lies somewhere else."""
    parse: Any = yaml.parse  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return any(getattr(event, "anchor", None) for event in parse(text, Loader=yaml.CSafeLoader))


# --- block style ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Entry:
    """One part of a block mapping or list."""

    lead: list[str]
    """Comments and blank lines above it."""
    lines: list[str]
    """Its lines, the first one at column 0."""


def laid_out(text: str, kinds: Mapping[str, Kind]) -> str:
    """Return a text whose block mappings have their keys in order, and whose lines are indented by two."""
    if _has_anchors(text):
        return text
    lines = text.split("\n")
    found: list[str] = []
    here = 0
    for root in compose(text):
        if not _is_block(root) or lines[root.start_mark.line][: root.start_mark.column].strip(" "):
            continue
        start = root.start_mark.line
        stop = _stop(lines, _last_line(lines, root, -1) + 1)
        found += [line.rstrip() for line in lines[here:start]]
        found += _Block(lines, Root(_kind(root, kinds))).of(root, stop)
        here = stop
    found += lines[here:] if here == 0 else [line.rstrip() for line in lines[here:]]
    return "\n".join(_trimmed(found)) + "\n" if any(found) else text


def _stop(lines: Sequence[str], start: int) -> int:
    return next((n for n in range(start, len(lines)) if _SEPARATOR.match(lines[n])), len(lines))


def _trimmed(lines: list[str]) -> list[str]:
    while lines and not lines[-1]:
        lines.pop()
    return lines


def _is_block(node: Any) -> bool:
    return not isinstance(node, yaml.ScalarNode) and not node.flow_style and bool(node.value)


def _last_line(lines: Sequence[str], node: Any, column: int) -> int:
    """Return the line on which the text of a node ends; `column` is that of the mapping or list around it."""
    start = node.start_mark.line
    if _is_block(node):
        key, value = node.value[-1] if isinstance(node, yaml.MappingNode) else (None, node.value[-1])
        return max(key.end_mark.line if key else start, _last_line(lines, value, node.start_mark.column))
    if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"):
        return _last_of_scalar(lines, start, column)
    end = node.end_mark
    return end.line if end.line == start or end.column else end.line - 1


def _last_of_scalar(lines: Sequence[str], start: int, column: int) -> int:
    """Return the last line of a block scalar, blank ones at its end left out where they mean nothing."""
    indented = (n for n in range(start + 1, len(lines)) if lines[n].strip(" "))
    first = next(indented, start)
    width = len(lines[first]) - len(lines[first].lstrip(" "))
    if first == start or width <= column:
        return start
    if digit := re.search(r"[|>][-+]?([1-9])", lines[start]):
        width = max(column, 0) + int(digit[1])
    last = start
    for number in range(start + 1, len(lines)):
        line = lines[number]
        if line.strip(" ") and len(line) - len(line.lstrip(" ")) < width:
            break
        if line.strip(" ") or re.search(r"[|>][1-9]?\+", lines[start]):
            last = number
    return last


class _Block:
    """Writes block nodes; every list of lines that it returns starts at column 0."""

    def __init__(self, lines: Sequence[str], model: Any) -> None:
        self._lines = lines
        self._model = model

    def of(self, node: Any, stop: int, model: Any = None, lead: Sequence[str] = ()) -> list[str]:
        """Return the lines of a block node, and of what follows above the line `stop`; `lead` are the lines above."""
        model = model or self._model
        entries, tail = self._entries(node, stop, model, list(lead))
        ordered = [entries[position] for position in _order(node, model)]
        found: list[str] = []
        for entry in ordered:
            found += (entry.lead if found else _unled(entry.lead)) + entry.lines
        return found + tail

    def _entries(self, node: Any, stop: int, model: Any, lead: list[str]) -> tuple[list[_Entry], list[str]]:
        column = node.start_mark.column
        children = list(_children(node, model))
        starts = [key.start_mark.line if key else self._dash(value, column) for key, value, _ in children]
        entries: list[_Entry] = []
        for (key, value, inner), start, end in zip(children, starts, [*starts[1:], stop], strict=True):
            last = max(_last_line(self._lines, value, column), (key or value).start_mark.line)
            cut = self._cut(last + 1, end, column)
            entries.append(_Entry(lead, self._entry(key, value, inner, (start, last, cut), column)))
            lead = [line.strip() for line in self._lines[cut:end]]
        return entries, lead

    def _dash(self, item: Any, column: int) -> int:
        """Return the line of an item's dash: that of the item, or one above."""
        line: int = item.start_mark.line
        if _DASH.search(self._before(item, line)):
            return line
        return next((n for n in range(line, -1, -1) if re.match(rf" {{{column}}}-(\s|$)", self._lines[n])), line)

    def _cut(self, start: int, end: int, column: int) -> int:
        """Return where the comments begin that belong to what follows: they are not indented deeper."""
        for number in range(start, end):
            line = self._lines[number]
            if line.strip() and len(line) - len(line.lstrip(" ")) <= column:
                while number > start and not self._lines[number - 1].strip():
                    number -= 1
                return number
        blank = end
        while blank > start and not self._lines[blank - 1].strip():
            blank -= 1
        return blank

    def _entry(self, key: Any, value: Any, model: Any, at: tuple[int, int, int], column: int) -> list[str]:
        start, last, cut = at
        if key is None:
            return self._item(value, model, at, column)
        if _is_block(value) and value.start_mark.line > key.end_mark.line and self._leads(value):
            lead = [line.strip() for line in self._lines[start + 1 : value.start_mark.line]]
            inner = self.of(value, cut, model or _UNKNOWN, lead)
            return [self._lines[start][column:].rstrip(), *(_indented(line) for line in inner)]
        return self._raw(start, last, column) + [
            f"{' ' * INDENT}{x.strip()}".rstrip() for x in self._lines[last + 1 : cut]
        ]

    def _item(self, value: Any, model: Any, at: tuple[int, int, int], column: int) -> list[str]:
        start, last, cut = at
        before = self._before(value, start)
        if _is_block(value) and _DASH.search(before):
            inner = self.of(value, cut, model or _UNKNOWN)
            led = next(number for number, line in enumerate(inner) if line and not line.startswith("#"))
            return inner[:led] + [f"- {inner[led]}"] + [_indented(line) for line in inner[led + 1 :]]
        dash = _DASH.search(before)
        shift = dash.start() if dash else column
        raw = self._raw(start, last, shift)
        return raw + [f"{' ' * INDENT}{line.strip()}".rstrip() for line in self._lines[last + 1 : cut]]

    def _leads(self, node: Any) -> bool:
        """Return whether a node starts its line; an anchor or a tag in front of it would not."""
        return not self._before(node, node.start_mark.line).strip(" ")

    def _before(self, node: Any, line: int) -> str:
        return self._lines[line][: node.start_mark.column]

    def _raw(self, start: int, last: int, column: int) -> list[str]:
        """Return lines as they are, moved to column 0; only those of one line lose what is blank at their end."""
        first = self._lines[start][column:]
        rest = [
            line[column:] if not line[:column].strip(" ") else line.lstrip(" ")
            for line in self._lines[start + 1 : last + 1]
        ]
        return [first.rstrip() if start == last else first, *rest]


class _Nothing:
    """The model of what no model says."""


_UNKNOWN = _Nothing()


def _indented(line: str) -> str:
    return " " * INDENT + line if line else line


def _unled(lead: list[str]) -> list[str]:
    """Return comments without the blank lines above the first."""
    return lead[next((n for n, line in enumerate(lead) if line), len(lead)) :]
