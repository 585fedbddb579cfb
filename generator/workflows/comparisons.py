"""Comparisons whose result is known before any value is."""

from collections.abc import Iterator
from typing import Any, Protocol

from generator.problems import nearest
from generator.workflows import types
from generator.workflows.types import Type
from runtime.expressions.tree import Node

_NUMBERS = frozenset(["int", "double"])


class Reader(Protocol):
    """Knows how parts are written."""

    def text(self, node: Node) -> str:
        """Return a part as it is written."""
        ...


def never_equal(reader: Reader, node: Node, left: Type, right: Type) -> Iterator[tuple[str, str]]:
    """Yield message and hint where two sides are never equal."""
    always = "false" if node.name == "_==_" else "true"
    if not left.kinds or not right.kinds:
        return
    if not _comparable(left) & _comparable(right):
        # Against null, which a guard tests on purpose, everything may be compared.
        if not _is_null(left) and not _is_null(right):
            yield f"this is always {always}: one side is {left.words()}, the other {right.words()}", ""
        return
    common = _common(left, right)
    if common is not None and not common and not _may_share(left, right):
        yield _disjoint(reader, node, left, right, always)


def _comparable(found: Type) -> frozenset[str]:
    return found.kinds | _NUMBERS if found.kinds & _NUMBERS else found.kinds


def _is_null(found: Type) -> bool:
    return found.kinds == types.NULL.kinds


def _may_share(left: Type, right: Type) -> bool:
    """Whether both can be null, a list or an object."""
    return bool(left.kinds & right.kinds & {"null", "list", "map"})


def _common(left: Type, right: Type) -> list[Any] | None:
    """Return the plain values that both can be; None where that is not known."""
    if left.scalars is None or right.scalars is None:
        return None
    return [value for value in left.scalars if any(same(value, other) for other in right.scalars)]


def same(one: Any, other: Any) -> bool:
    """Whether two constants are equal to CEL, where true is not 1."""
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def _disjoint(reader: Reader, node: Node, left: Type, right: Type, always: str) -> tuple[str, str]:
    tested, constant = (0, right) if node.parts[1].kind == "const" else (1, left)
    name, can_be = reader.text(node.parts[tested]), (left, right)[tested]
    (value, *_) = constant.scalars or ("",)
    message = f"this is always {always}: `{name}` is never {_quoted(value)}"
    return message, _known(value, can_be)


def _known(value: Any, can_be: Type) -> str:
    texts = [str(known) for known in can_be.scalars or ()]
    return nearest(str(value), texts) if isinstance(value, str) and texts else f"it can be {', '.join(texts)}"


def _quoted(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)


def never_in(reader: Reader, node: Node, left: Type, right: Type) -> Iterator[tuple[Node, str, str]]:
    """Yield part, message and hint for each listed constant that a value never is."""
    name = reader.text(node.parts[0])
    if node.parts[1].kind == "list":
        for part in node.parts[1].parts:
            if part.kind == "const" and _never(part.value, left):
                yield part, f"`{name}` is never {_quoted(part.value)}", _known(part.value, left)
        return
    value, held = node.parts[0].value, right.items
    if node.parts[0].kind == "const" and right.kinds <= {"list"} and held and held.kinds and _never(value, held):
        message = f"this is always false: `{reader.text(node.parts[1])}` never holds {_quoted(value)}"
        yield node, message, _known(value, held)


def _never(value: Any, found: Type) -> bool:
    if value is None or not found.kinds or found.unknown:
        return False
    if not _comparable(found) & types.constant(value).kinds:
        return True
    return found.scalars is not None and not any(same(value, other) for other in found.scalars)
