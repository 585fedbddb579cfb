"""What a condition that holds, or does not hold, says about optional data: which field paths are there and not null."""

from collections.abc import Iterable, Sequence

from runtime.expressions.tree import Node

Path = tuple[str, ...]
Facts = frozenset[Path]
"""Field paths that are known to be there, and not null."""
NONE: Facts = frozenset()
_ORDERED = ("_<_", "_>_", "_<=_", "_>=_")


def path_of(node: Node) -> Path | None:
    """Return the field path that a part of an expression is, such as `("state", "plan")`; None of anything else."""
    if node.kind == "ident":
        return (node.name,)
    if node.kind == "select":
        base = path_of(node.parts[0])
        return (*base, node.name) if base else None
    if node.kind == "call" and node.name == "_[_]" and isinstance(node.parts[1].value, str):
        base = path_of(node.parts[0])
        return (*base, node.parts[1].value) if base else None
    return None


def there(path: Path, facts: Facts) -> bool:
    """Return whether a path is known to be there: itself, or something below it."""
    return any(fact[: len(path)] == path for fact in facts)


def common(sides: Sequence[Facts]) -> Facts:
    """Return what is known on all sides."""
    return sides[0].intersection(*sides[1:]) if sides else NONE


def known(node: Node, *, holds: bool) -> Facts:
    """Return what is known where a condition holds, or where it does not."""
    if node.kind == "select":
        path = path_of(node)
        return frozenset([path]) if path and holds else NONE  # `has()`, or a truth value that is there
    if node.kind != "call":
        return NONE
    if node.name == "!_":
        return known(node.parts[0], holds=not holds)
    if node.name in ("_&&_", "_||_"):
        sides = [known(part, holds=holds) for part in node.parts]
        return NONE.union(*sides) if holds == (node.name == "_&&_") else common(sides)
    return frozenset(_compared(node, holds=holds))


def _compared(node: Node, *, holds: bool) -> Iterable[Path]:
    paths = [path_of(part) for part in node.parts]
    if node.name in ("_==_", "_!=_"):
        equal = holds == (node.name == "_==_")
        for path, other in zip(paths, reversed(node.parts), strict=True):
            is_null = other.kind == "const" and other.value is None
            if path and other.kind == "const" and is_null != equal:
                yield path
    elif node.name in _ORDERED:  # null has no order, so both sides were there
        yield from (path for path in paths if path)
    elif node.name == "@in" and holds:
        needle, within = node.parts[0], paths[1]
        if within and isinstance(needle.value, str):
            yield (*within, needle.value)
        elif paths[0] and not any(part.kind == "const" and part.value is None for part in node.parts[1].parts):
            yield paths[0]
