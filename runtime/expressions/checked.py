"""Read field paths from a checked CEL expression.

The engine has no tree for Python, but it serializes one: `google.protobuf.Any` around `cel.expr.CheckedExpr`
(cel-spec, proto/cel/expr/checked.proto and syntax.proto). This reads the few fields that are needed, without protobuf.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

_Path = tuple[tuple[str, ...], int, bool]

# Field numbers of CheckedExpr, SourceInfo and Expr.
_VALUE, _EXPR, _SOURCE, _POSITIONS = 2, 4, 5, 4
ID, _CONST, _IDENT, _SELECT, _CALL, _LIST, _STRUCT, _COMPREHENSION = range(2, 10)


def fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield number and value of the fields of a message."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, at = _varint(data, at)
            yield number, value
            continue
        size, at = _varint(data, at) if wire == 2 else ({1: 8, 5: 4}[wire], at)
        yield number, data[at : at + size]
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    result = shift = 0
    while True:
        byte = data[at]
        result |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return result, at
        shift += 7


def one(data: bytes, number: int) -> bytes:
    """Return a field that is a text or a message; empty where it is not there."""
    return next((value for key, value in fields(data) if key == number and isinstance(value, bytes)), b"")


def number(data: bytes, number: int) -> int:
    """Return a field that is a number; 0 where it is not there."""
    return next((value for key, value in fields(data) if key == number and isinstance(value, int)), 0)


@dataclass
class _Reader:
    positions: dict[int, int]
    found: list[_Path] = field(default_factory=list[_Path])
    bound: list[str] = field(default_factory=list[str])
    """Variables of the comprehensions around; they hide roots of the same name."""

    def read(self, expr: bytes) -> None:
        """Record the path that starts here, or those of the parts."""
        path = self._path(expr)
        if path is not None:
            if path[0][0] not in self.bound:
                self.found.append(path)
            return
        for number, value in fields(expr):
            if number in (_SELECT, _CALL, _LIST, _STRUCT, _COMPREHENSION) and isinstance(value, bytes):
                self._parts(number, value)

    def _parts(self, kind: int, node: bytes) -> None:
        if kind == _COMPREHENSION:
            self._comprehension(node)
            return
        inside = {_SELECT: (1,), _CALL: (1, 3), _LIST: (1,)}.get(kind, ())
        for number, value in fields(node):
            if not isinstance(value, bytes):
                continue
            if kind == _STRUCT and number == 2:
                self._entry(value)
            elif number in inside:
                self.read(value)

    def _comprehension(self, node: bytes) -> None:
        self.read(one(node, 2))
        names = [one(node, number).decode() for number in (1, 3, 8)]
        self.bound.extend(names)
        for number in (4, 5, 6, 7):
            self.read(one(node, number))
        del self.bound[-len(names) :]

    def _entry(self, entry: bytes) -> None:
        for number, value in fields(entry):
            if number in (3, 4) and isinstance(value, bytes):
                self.read(value)

    def _path(self, expr: bytes) -> _Path | None:
        if ident := one(expr, _IDENT):
            return (one(ident, 1).decode(),), self.positions.get(number(expr, ID), 0), False
        if select := one(expr, _SELECT):
            base = self._path(one(select, 1))
            return base and ((*base[0], one(select, 2).decode()), base[1], bool(number(select, 3)))
        if call := one(expr, _CALL):
            return self._index(call)
        return None

    def _index(self, call: bytes) -> _Path | None:
        if one(call, 2) != b"_[_]":
            return None
        operand, key = [value for number, value in fields(call) if number == 3 and isinstance(value, bytes)]
        base = self._path(operand)
        name = one(one(key, _CONST), 6).decode()
        if base is None or not name:
            if base is not None:
                self.read(key)
            return base
        return (*base[0], name), base[1], False


def parts(serialized: bytes) -> tuple[bytes, dict[int, int]]:
    """Return the root of an expression, and the offset of each part by its id."""
    root = one(serialized, _VALUE)
    source = one(root, _SOURCE)
    entries = [value for key, value in fields(source) if key == _POSITIONS and isinstance(value, bytes)]
    return one(root, _EXPR), {number(entry, 1): number(entry, 2) for entry in entries}


def paths(serialized: bytes) -> tuple[_Path, ...]:
    """Return `(path, offset, stands in has())` of everything that the expression reads, in order."""
    root, positions = parts(serialized)
    reader = _Reader(positions)
    reader.read(root)
    return tuple(reader.found)
