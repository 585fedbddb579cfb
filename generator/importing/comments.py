"""Comments of a YAML text, and which value each belongs to."""

import re
from bisect import bisect_right

import yaml

from generator.model import Document, Loc
from generator.places import nodes

_HASH = re.compile(r"(?:^|(?<=\s))#")
_MEANINGLESS = re.compile(r"#[\s#=*~_-]*$|#\s*yaml-language-server:|#\s*-\*-|#!|#\s*(?:vim|syntax|Source):")
"""Rulers, and comments that talk to programs."""


class Comments:
    """The comments of one text: behind a value on its line, or on the lines right above it."""

    def __init__(self, content: str) -> None:
        self.lines = content.split("\n")
        self._behind: dict[int, str] = {}
        self._alone: dict[int, str] = {}
        self._unread = content if "#" in content else ""

    def _read(self, content: str) -> None:
        try:
            spans = sorted(_scalars(nodes(content)))
        except (yaml.YAMLError, RecursionError, ValueError):
            return
        starts = [start for start, _ in spans]
        offset = 0
        for number, line in enumerate(self.lines, 1):
            for match in _HASH.finditer(line):
                position = offset + match.start()
                index = bisect_right(starts, position) - 1
                if index >= 0 and position < spans[index][1]:
                    continue
                if not _MEANINGLESS.match(line[match.start() :]):
                    target = self._behind if line[: match.start()].strip(" -") else self._alone
                    target[number] = line[match.start() :].strip()
                break
            offset += len(line) + 1

    def at(self, loc: Loc, document: Document) -> tuple[str, ...]:
        """Return the comments of the value at a path: those above its key, then the one behind it."""
        if self._unread:  # most objects of large sets are lifted into nothing, and nobody asks for their comments
            self._read(self._unread)
            self._unread = ""
        if not self._behind and not self._alone:
            return ()
        line = document.key_at(loc).line
        above: list[str] = []
        while line - 1 - len(above) in self._alone:
            above.append(self._alone[line - 1 - len(above)])
        last = document.at(loc).line
        behind = dict.fromkeys(self._behind[n] for n in (line, last) if n in self._behind)
        return (*reversed(above), *behind)


def _scalars(nodes: list[yaml.Node]) -> list[tuple[int, int]]:
    """Return start and end of every scalar, iteratively: a text may be nested deeply."""
    found: list[tuple[int, int]] = []
    todo: list[yaml.Node] = list(nodes)
    seen: set[int] = set()
    while todo:
        node = todo.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.ScalarNode):
            found.append((node.start_mark.index, node.end_mark.index))
        elif isinstance(node, yaml.SequenceNode):
            todo += node.value
        elif isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                todo += [key, value]
    return found
