"""Expressions as trees, for who wants to know more of them than what they read.

Decoded from the same serialized form as the field paths (`checked.py`). Macros are expanded: `has(a.b)` is a `select`
that tests, `all`, `exists`, `map` and `filter` are a `fold`.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from runtime.expressions import checked
from runtime.expressions.engines import compiled

Kind = Literal["const", "ident", "select", "call", "list", "map", "fold"]
_TOKEN = re.compile(r"""-?[A-Za-z_@]\w*|-?\d[\w.]*|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'""")


@dataclass(frozen=True, eq=False)
class Node:
    """One part of an expression.

    `name` is the identifier, the field of a `select`, the function of a `call`, or the variable of a `fold`; `parts`
    are the operands: of a call its target first, of a map key and value by turns, of a fold the list, the first value,
    the condition, the step and the result.
    """

    kind: Kind
    offset: int
    name: str = ""
    value: Any = None
    parts: tuple["Node", ...] = ()
    tested: bool = False
    """It stands in `has()`."""
    target: bool = False
    """The first part of a call stands before the dot."""
    extra: tuple[str, ...] = ()
    """The variable of a fold that holds its result, and its second variable where it has one."""

    def walk(self) -> Iterator["Node"]:
        """Yield this part and all parts of it."""
        yield self
        for part in self.parts:
            yield from part.walk()


@lru_cache(maxsize=4096)
def tree(source: str) -> Node | None:
    """Return a bare CEL expression as a tree; None when it is not valid."""
    try:
        serialized = compiled(source).serialize()
    except RuntimeError:
        return None
    root, positions = checked.parts(serialized)
    return _Decoder(positions).node(root)


@dataclass(frozen=True)
class _Decoder:
    positions: dict[int, int]

    def node(self, expr: bytes) -> Node:
        offset, found = 0, Node("const", 0)
        for number, value in checked.fields(expr):
            if number == checked.ID and isinstance(value, int):
                offset = self.positions.get(value, 0)
            elif isinstance(value, bytes) and number in _KINDS:
                found = getattr(self, _KINDS[number])(value, offset)
        return found

    def _const(self, data: bytes, offset: int) -> Node:
        return Node("const", offset, value=_constant(data))

    def _ident(self, data: bytes, offset: int) -> Node:
        return Node("ident", offset, checked.one(data, 1).decode())

    def _select(self, data: bytes, offset: int) -> Node:
        operand = self.node(checked.one(data, 1))
        tested = bool(checked.number(data, 3))
        return Node("select", offset, checked.one(data, 2).decode(), parts=(operand,), tested=tested)

    def _call(self, data: bytes, offset: int) -> Node:
        parts = [(number, self.node(value)) for number, value in checked.fields(data)
                 if number in (1, 3) and isinstance(value, bytes)]  # fmt: skip
        parts.sort(key=lambda part: part[0])
        target = bool(parts) and parts[0][0] == 1
        return Node("call", offset, checked.one(data, 2).decode(), parts=tuple(p for _, p in parts), target=target)

    def _list(self, data: bytes, offset: int) -> Node:
        parts = tuple(self.node(value) for number, value in checked.fields(data)
                      if number == 1 and isinstance(value, bytes))  # fmt: skip
        return Node("list", offset, parts=parts)

    def _map(self, data: bytes, offset: int) -> Node:
        parts: list[Node] = []
        for number, entry in checked.fields(data):
            if number == 2 and isinstance(entry, bytes):
                parts += [self.node(checked.one(entry, 3)), self.node(checked.one(entry, 4))]
        return Node("map", offset, parts=tuple(parts))

    def _fold(self, data: bytes, offset: int) -> Node:
        parts = tuple(self.node(checked.one(data, number)) for number in (2, 4, 5, 6, 7))
        names = (checked.one(data, 3).decode(), checked.one(data, 8).decode())
        return Node("fold", offset, checked.one(data, 1).decode(), parts=parts, extra=names)


_KINDS = {3: "_const", 4: "_ident", 5: "_select", 6: "_call", 7: "_list", 8: "_map", 9: "_fold"}


def _constant(data: bytes) -> Any:
    for number, value in checked.fields(data):
        if isinstance(value, int):
            return {1: None, 2: bool(value), 3: value - (1 << 64) if value >> 63 else value}.get(number, value)
        if number == 5:
            return struct.unpack("<d", value)[0]
        return value.decode() if number == 6 else value
    return None


def extent(source: str, node: Node) -> tuple[int, int]:
    """Return the offset at which a part of an expression starts, and how many characters it has."""
    bounds = [_bounds(source, part) for part in node.walk()]
    start, end = min(first for first, _ in bounds), max(last for _, last in bounds)
    while source[end : end + 1] in (")", "]") and _open(source[start:end], source[end]) > 0:
        end += 1
    while source[start - 1 : start] == "(" and _open(source[start:end], ")") < 0:
        start -= 1
    return start, end - start


def _bounds(source: str, part: Node) -> tuple[int, int]:
    if part.kind == "select":
        at = max(source.find(part.name, part.offset), part.offset)
        return _bounds(source, part.parts[0])[0], at + len(part.name)
    if part.kind == "call" and not part.target and part.name.isidentifier():
        return part.offset - len(part.name), part.offset + 1
    token = _TOKEN.match(source, part.offset)
    return part.offset, token.end() if token else part.offset + 1


def _open(text: str, closing: str) -> int:
    """Return how many brackets a text opens and does not close; brackets in its own texts rarely matter here."""
    return text.count("(" if closing == ")" else "[") - text.count(closing)
