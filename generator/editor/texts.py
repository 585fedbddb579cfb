"""Places of findings and of YAML nodes -> positions of the Language Server Protocol, and back.

Findings count characters, and lines as YAML does. The protocol counts UTF-16 units (or what was agreed on), and lines
that end in a line feed, a carriage return, or both.
"""

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property

from lsprotocol import types as lsp

from generator.problems import Place

_YAML_LINE = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
_LINE = re.compile(r"\r\n|\r|\n")
_UNITS = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}


@dataclass(frozen=True)
class Text:
    """A text, and the unit in which a client counts."""

    text: str
    encoding: str = "utf-16"

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(match.end() for match in _LINE.finditer(self.text))]

    @cached_property
    def _yaml_starts(self) -> list[int]:
        return [0, *(match.end() for match in _YAML_LINE.finditer(self.text))]

    def position(self, offset: int) -> lsp.Position:
        """Return the position of a character, counted from 0."""
        offset = min(max(0, offset), len(self.text))
        line = bisect_right(self._starts, offset) - 1
        return lsp.Position(line, self._units(self.text[self._starts[line] : offset]))

    def _units(self, part: str) -> int:
        codec, size = _UNITS[self.encoding]
        return len(part.encode(codec, "surrogatepass")) // size

    def offset(self, position: lsp.Position) -> int:
        """Return the character at a position; positions behind the end of a line or of the text are the end."""
        if position.line >= len(self._starts):
            return len(self.text)
        start = self._starts[position.line]
        codec, size = _UNITS[self.encoding]
        row = self.line(position.line).encode(codec, "surrogatepass")[: position.character * size]
        return start + len(row.decode(codec, "ignore"))

    def line(self, number: int) -> str:
        """Return a line without its end."""
        start = self._starts[number]
        end = self._starts[number + 1] if number + 1 < len(self._starts) else len(self.text)
        return self.text[start:end].rstrip("\r\n")

    def range(self, start: int, end: int) -> lsp.Range:
        """Return the range between two characters."""
        return lsp.Range(self.position(start), self.position(end))

    def start_of(self, place: Place) -> int:
        """Return the character at which a place starts; the end of the text where it is shorter now."""
        if place.line > len(self._yaml_starts):
            return len(self.text)
        return min(self._yaml_starts[place.line - 1] + place.column - 1, len(self.text))

    def of_place(self, place: Place) -> lsp.Range:
        """Return the range of a place."""
        start = self.start_of(place)
        return self.range(start, start + place.length)

    @property
    def whole(self) -> lsp.Range:
        """The range of everything."""
        return self.range(0, len(self.text))
