"""Check expressions without computing them, and say what they read."""

import difflib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from runtime.expressions import checked
from runtime.expressions.engines import ROOTS, compiled, jinja
from runtime.expressions.prose import parsed
from runtime.expressions.templates import Hole, UnclosedError, split

_KEPT = 4096
"""Answers about texts that are kept: the same expressions stand in many workflows, and many checks ask."""
_PLACE = re.compile(r"ERROR: <input>:(\d+):(\d+): (.*)")


@dataclass(frozen=True)
class Finding:
    """What is wrong, and the offset in the text (0 is the first character)."""

    offset: int
    message: str
    length: int = 1
    """Number of characters that are meant."""


@dataclass(frozen=True)
class Reference:
    """A field path that an expression reads, such as `("state", "plan", "steps")`, and its offset in the text.

    The path ends where the next key is not a literal. `tested` says that it stands in `has()`; in a prompt,
    that the same path is asked for with `is defined` or `default()`.
    """

    path: tuple[str, ...]
    offset: int
    tested: bool = False


@lru_cache(maxsize=_KEPT)
def check(source: str) -> tuple[Finding, ...]:
    """Return what is wrong with a bare CEL expression: nothing, or one finding per message of the engine."""
    if not source.strip():
        return (Finding(0, "an expression is empty"),)
    try:
        compiled(source)
    except RuntimeError as error:
        return tuple(_findings(source, str(error)))
    return ()


def _findings(source: str, message: str) -> Iterator[Finding]:
    starts = [0, *(at + 1 for at, char in enumerate(source) if char == "\n")]
    matches = list(_PLACE.finditer(message))
    for match in matches:
        line, column = int(match[1]), int(match[2])
        yield Finding(starts[min(line, len(starts)) - 1] + column - 1, _readable(match[3]))
    if not matches:
        yield Finding(0, message.splitlines()[0])


def _readable(message: str) -> str:
    message = message.removeprefix("Syntax error: ").replace(" (in container '')", "")
    if match := re.match(r"undeclared reference to '([^']*)'", message):
        return f"`{match[1]}` is unknown; expressions start from {', '.join(ROOTS)}"
    return re.sub(r" expecting \{.*\}", "", message)


@lru_cache(maxsize=_KEPT)
def check_template(text: str) -> tuple[Finding, ...]:
    """Return what is wrong with the `${ }` parts of a text."""
    return _in_holes(text, check, lambda found, offset: Finding(found.offset + offset, found.message))


@lru_cache(maxsize=_KEPT)
def check_prose(text: str) -> tuple[Finding, ...]:
    """Return what is wrong with a Jinja2 prompt: its syntax, and names that are no root."""
    import jinja2
    from jinja2 import meta

    try:
        tree = parsed(text)
    except jinja2.TemplateSyntaxError as error:
        message = re.sub(r" at \d+$", "", str(error.message))  # the engine's own offset
        return (Finding(error.lineno, message, _word(text, error.lineno)),)
    if strangers := _strangers(tree, text):
        return strangers  # looking for variables would compile the text, which they make impossible
    unknown = meta.find_undeclared_variables(tree) - set(ROOTS) - set(jinja().globals)
    found = [(_undeclared(tree, name), name) for name in unknown]
    says = f"is unknown; prompts start from {', '.join(ROOTS)}"
    return tuple(Finding(at, f"`{name}` {says}", len(name)) for at, name in sorted(found))


def _word(text: str, at: int) -> int:
    """Return the length of the name or the sign that stands at an offset."""
    found = re.compile(r"\w+|\{%[-+]?\s*\w+|\{[{#]|\}\}|%\}").match(text, at)
    return len(found[0]) if found else 1


def _undeclared(tree: Any, name: str) -> int:
    """Return the offset at which a name is read that nothing has set; elsewhere it may be that of a loop."""
    from jinja2 import meta, nodes

    reads = [node for node in tree.find_all(nodes.Name) if node.name == name and node.ctx == "load"]
    for node in reads[:-1]:
        for other in reads:
            other.name = name if other is node else ROOTS[0]
        if name in meta.find_undeclared_variables(tree):
            return node.lineno
    return reads[-1].lineno


@lru_cache(maxsize=_KEPT)
def references(source: str) -> tuple[Reference, ...]:
    """Return what a bare CEL expression reads; nothing when it is not valid."""
    try:
        expression = compiled(source)
    except RuntimeError:
        return ()
    found = checked.paths(expression.serialize())
    return tuple(Reference(path, offset, tested) for path, offset, tested in found if path[0] in ROOTS)


def _strangers(tree: Any, text: str) -> tuple[Finding, ...]:
    """Return filters and tests that there are not: Jinja2 tells of those in branches only when it comes to them."""
    from jinja2 import nodes

    known = {nodes.Filter: ("filter", jinja().filters), nodes.Test: ("test", jinja().tests)}
    found: list[Finding] = []
    for node in tree.find_all((nodes.Filter, nodes.Test)):
        what, names = known[type(node)]
        if node.name not in names:
            near = difflib.get_close_matches(node.name, names, 1)
            hint = f"; did you mean `{near[0]}`?" if near else ""
            at = text.index(node.name, node.lineno)  # of a test, its `is` is what is known
            found.append(Finding(at, f"there is no {what} `{node.name}`{hint}", len(node.name)))
    return tuple(found)


@lru_cache(maxsize=_KEPT)
def references_in_template(text: str) -> tuple[Reference, ...]:
    """Return what the `${ }` parts of a text read."""
    return _in_holes(text, references, lambda found, offset: Reference(found.path, found.offset + offset, found.tested))


def _in_holes(text: str, look: Callable[[str], tuple[Any, ...]], place: Callable[[Any, int], Any]) -> tuple[Any, ...]:
    try:
        holes = [part for part in split(text) if isinstance(part, Hole)]
    except UnclosedError as error:
        return (Finding(error.offset, "`${` is not closed"),) if look is check else ()
    return tuple(place(found, hole.offset) for hole in holes for found in look(hole.source))


_GUARDS = ("defined", "undefined", "default", "d")
"""Tests and filters of Jinja2 for what may not be there."""


@lru_cache(maxsize=_KEPT)
def references_in_prose(text: str) -> tuple[Reference, ...]:
    """Return what a Jinja2 prompt reads; nothing when it is not valid."""
    import jinja2
    from jinja2 import nodes

    try:
        tree = parsed(text)
    except jinja2.TemplateSyntaxError:
        return ()
    chains = [tree, *tree.find_all((nodes.Getattr, nodes.Getitem, nodes.Name))]
    inner = {id(node.node) for node in chains if isinstance(node, nodes.Getattr | nodes.Getitem)}
    found = [(_jinja_path(node), _start(node)) for node in chains if id(node) not in inner]
    tested = {_jinja_path(node.node) for node in tree.find_all((nodes.Test, nodes.Filter)) if node.name in _GUARDS}
    return tuple(Reference(path, at, path in tested) for path, at in found if path and path[0] in ROOTS)


def _start(node: Any) -> int:
    while hasattr(node, "node"):
        node = node.node
    return node.lineno


def _jinja_path(node: Any) -> tuple[str, ...]:
    from jinja2 import nodes

    if isinstance(node, nodes.Name):
        return (node.name,) if node.ctx == "load" else ()
    if isinstance(node, nodes.Getattr):
        base = _jinja_path(node.node)
        return (*base, node.attr) if base else ()
    if isinstance(node, nodes.Getitem):
        base = _jinja_path(node.node)
        key: Any = node.arg.value if isinstance(node.arg, nodes.Const) else None
        return (*base, key) if base and isinstance(key, str) else base
    return ()
