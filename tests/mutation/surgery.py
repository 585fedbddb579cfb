"""Changes one part of a YAML text and nothing else: comments, quotes and layout around it stay as they are."""

import json
from typing import Any

import yaml

from generator.model import Loc
from generator.places import compose


class Unfit(Exception):  # noqa: N818  (the layout stands in the way; nothing is wrong)
    """The part can't be changed by replacing characters."""


def written(value: Any) -> str:
    """Return a value as YAML flow text on one line."""
    return json.dumps(value, ensure_ascii=False)


def replaced(text: str, index: int, loc: Loc, new: str) -> str:
    """Return a text in which the value at a path is another; `new` is YAML flow text."""
    _, node, _ = _find(text, index, loc)
    start, end = node.start_mark.index, _end(node)
    return text[:start] + new + _rest(text, node, end)


def renamed(text: str, index: int, loc: Loc, new: str) -> str:
    """Return a text in which the key at a path is another."""
    key, _, _ = _find(text, index, loc)
    if key is None:
        raise Unfit
    quote = text[key.start_mark.index] if text[key.start_mark.index] in "'\"" else ""
    return text[: key.start_mark.index] + f"{quote}{new}{quote}" + text[key.end_mark.index :]


def removed(text: str, index: int, loc: Loc) -> str:
    """Return a text without the key at a path and its value."""
    key, node, parent = _find(text, index, loc)
    if key is None:
        raise Unfit
    pairs = parent.value
    position = next(number for number, (one, _) in enumerate(pairs) if one is key)
    if len(pairs) == 1:
        return text[: parent.start_mark.index] + "{}" + _rest(text, parent, _end(parent))
    if position < len(pairs) - 1:
        return text[: key.start_mark.index] + text[pairs[position + 1][0].start_mark.index :]
    return text[: _end(pairs[position - 1][1])] + _rest(text, node, _end(node))


def _rest(text: str, node: Any, end: int) -> str:
    """Return what follows a part; a block ends with its line, what takes its place does not."""
    block = isinstance(node, yaml.ScalarNode) and node.style in ("|", ">")
    return ("\n" if block and text[end - 1 : end] == "\n" else "") + text[end:]


def _end(node: Any) -> int:
    """Return where a part ends; block collections of libyaml end at the next token, behind comments."""
    if isinstance(node, yaml.ScalarNode) or node.flow_style or not node.value:
        return node.end_mark.index
    last = node.value[-1]
    return _end(last[1] if isinstance(last, tuple) else last)  # pyright: ignore[reportUnknownArgumentType]


def _find(text: str, index: int, loc: Loc) -> tuple[Any, Any, Any]:
    """Return key, value and the mapping or list around a path."""
    node: Any = compose(text)[index]
    key: Any = None
    parent: Any = None
    for part in loc:
        parent = node
        if isinstance(node, yaml.MappingNode):
            key, node = next((k, v) for k, v in node.value if k.value == part)
        else:
            key, node = None, node.value[part]
    return key, node, parent
