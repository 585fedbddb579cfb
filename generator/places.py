"""A YAML text -> its nodes, and the place of each.

libyaml's composer keeps marks; a place is made of its offset, without what stands in front of a value.
"""

import re
from bisect import bisect_left
from functools import lru_cache
from typing import Any

import yaml

from generator.model import Loc
from generator.problems import Place

_BASE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG = "tag:yaml.org,2002:"
_TAGS = {yaml.ScalarNode: f"{_TAG}str", yaml.SequenceNode: f"{_TAG}seq", yaml.MappingNode: f"{_TAG}map"}


class _Loader(_BASE):
    """Composes nodes without finding out the types of plain scalars: that is done here, and costs a fifth there."""

    def resolve(self, kind: Any, value: Any, implicit: Any) -> str:
        return _TAGS[kind]

    def descend_resolver(self, current_node: Any, current_index: Any) -> None:
        pass

    def ascend_resolver(self) -> None:
        pass


LOADER: Any = _Loader


def compose(text: str) -> list[yaml.Node]:
    """Return the root node of every document of a text; no scalar has a type yet."""
    compose_all: Any = yaml.compose_all  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return [node for node in compose_all(text, Loader=LOADER) if node is not None]


@lru_cache(maxsize=64)
def nodes(text: str) -> list[yaml.Node]:
    """Return the root nodes of a text as `compose` does; those of the last texts are kept."""
    return compose(text)


def place_of(file: str, text: str, index: int, loc: Loc, *, key: bool = False) -> Place:
    """Return where a part of a document stands; only files with findings are composed again for it."""
    key_node, node, whole = _walked(text, index, loc)
    wanted = key_node if key or not whole else None
    return span(file, text, wanted or node)


def written_at(text: str, index: int, loc: Loc, *, key: bool) -> str:
    """Return the text of a scalar, or of a key, as it is written; empty where it is no scalar of one line."""
    key_node, node, whole = _walked(text, index, loc)
    found = key_node if key else node
    if not whole or not isinstance(found, yaml.ScalarNode):
        return ""
    written = text[_start(text, found) : found.end_mark.index]
    return "" if "\n" in written else written


def _walked(text: str, index: int, loc: Loc) -> tuple[Any, Any, bool]:
    """Return the last key and value on the way to a part of a document, and whether the way goes to its end."""
    key_node, node = None, nodes(text)[index]
    for part in loc:
        step = _child(node, part)
        if step is None:
            return key_node, node, False
        key_node, node = step
    return key_node, node, True


def _child(node: Any, part: str | int) -> tuple[Any, Any] | None:
    if isinstance(node, yaml.MappingNode):
        return next(((k, v) for k, v in node.value if k.value == str(part)), None)  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):  # pyright: ignore[reportUnknownArgumentType, reportUnknownMemberType]
        return None, node.value[part]  # pyright: ignore[reportUnknownMemberType]
    return None


_PROPERTIES = re.compile(r"(?:[&!][^\s,\[\]{}]*(?:\s+(?:#[^\n]*\s+)*|$))+")
"""Anchor and tag in front of a value."""


def _start(text: str, node: Any) -> int:
    """Return where the value of a node begins, behind its anchor."""
    start: int = node.start_mark.index
    found = _PROPERTIES.match(text, start, node.end_mark.index)
    return found.end() if found and found.end() < node.end_mark.index else start


def span(file: str, text: str, node: Any) -> Place:
    """Return the place of a node: of a text on several lines its first, of other things on several lines the sign."""
    start, end = _start(text, node), node.end_mark.index
    block = text.startswith(("|", ">"), start)
    if (stop := text.find("\n", start, end)) >= 0:
        end = stop if isinstance(node, yaml.ScalarNode) and not block else start
    return place_at(file, text, start, end - start)


def place_at(file: str, text: str, at: int, length: int = 1) -> Place:
    """Return the place of a character; libyaml's own lines end at characters too at which those of editors don't."""
    before = bisect_left(_ends(text), at)
    return Place(file, before + 1, at - text.rfind("\n", 0, at), max(1, length))


@lru_cache(maxsize=4)
def _ends(text: str) -> list[int]:
    """Return where the lines of a text end: counting them for each place takes the square of a long text's time."""
    return [found.start() for found in re.finditer("\n", text)]
