"""Cases of a switch that can never be taken, because of the cases before them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from generator.model import Catalogue, Declared, Loc
from generator.problems import Problem
from generator.workflows.comparisons import same
from generator.workflows.flow import nodes
from generator.workflows.guards import Path, path_of
from generator.workflows.typed import Typed, typed
from generator.workflows.types import Type
from runtime.expressions.tree import Node, tree
from runtime.nodes.switch import SwitchStep

CODE = "switch-case"
_OPPOSITE = {"_==_": "_!=_", "_!=_": "_==_", "_<_": "_>=_", "_>=_": "_<_", "_>_": "_<=_", "_<=_": "_>_"}
Shape = tuple[Any, ...]


def problems(catalogue: Catalogue, workflow: Declared) -> Iterator[Problem]:
    """Yield each case that is never taken, and point to the case that takes it all."""
    types = typed(catalogue, workflow)
    for node in nodes(workflow):
        if isinstance(node.step, SwitchStep):
            yield from _Cases(workflow, types, node.loc).problems(node.step)


@dataclass
class _Cases:
    workflow: Declared
    types: Typed
    loc: Loc
    shapes: dict[Shape, int] = field(default_factory=dict[Shape, int])
    """Conditions that have failed where a later case is looked at, and their case."""
    labels: dict[Path, list[tuple[Any, int]]] = field(default_factory=dict[Path, list[tuple[Any, int]]])
    """Values that earlier cases take, by what they compare."""
    all_taken: tuple[int, str] | None = None
    """The case after which nothing is left, and why."""

    def problems(self, step: SwitchStep) -> Iterator[Problem]:
        """Yield problems of the cases in order."""
        for number, case in enumerate(step.switch):
            node = tree(case.when)
            if node is None:
                continue
            reason = self.all_taken or self._taken(node)
            if reason:
                earlier, why = reason
                place = self.workflow.document.at((*self.loc, "switch", earlier, "when"))
                yield self.workflow.problem(
                    (*self.loc, "switch", number, "when"), CODE, f"this case is never taken: {why}",
                    "remove it, or move it up", related=((place, "this case comes first"),),
                )  # fmt: skip
            else:
                self._take(node, number)

    def _taken(self, node: Node) -> tuple[int, str] | None:
        for part in _conjuncts(node):
            if shape(part) in self.shapes:
                what = "an earlier case has the same condition" if part is node else "an earlier case takes all of it"
                return self.shapes[shape(part)], what
            path, values = labels_of(part)
            taken = [self._by(path, value) for value in values]
            if path and taken and all(by is not None for by in taken):
                return max(by for by in taken if by is not None), "earlier cases take all of its values"
        return None

    def _by(self, path: Path, value: Any) -> int | None:
        return next((case for known, case in self.labels.get(path, ()) if same(known, value)), None)

    def _take(self, node: Node, number: int) -> None:
        if node.kind == "const" and node.value is True:
            self.all_taken = (number, "an earlier case always holds")
        if opposite(node) in self.shapes:
            self.all_taken = (number, "one of the earlier cases always holds")
        self.shapes[shape(node)] = number
        path, values = labels_of(node)
        if path:
            self.labels.setdefault(path, []).extend((value, number) for value in values)
            self._complete(path, number)

    def _complete(self, path: Path, number: int) -> None:
        found = self._type(path)
        known = found.scalars if found and not found.kinds & {"null", "list", "map"} else None
        if known and all(self._by(path, value) is not None for value in known):
            self.all_taken = (number, f"the earlier cases take all that `{'.'.join(path)}` can be")

    def _type(self, path: Path) -> Type | None:
        loc = (*self.loc, "switch", 0, "when")
        root, *names = path
        found = self.types.roots(self.types.spot(loc), loc).get(root)
        for name in names:
            entry = found.fields.get(name) if found else None
            found = entry.type if entry else None
        return found


def _conjuncts(node: Node) -> Iterator[Node]:
    yield node
    if node.kind == "call" and node.name == "_&&_":
        for part in node.parts:
            yield from _conjuncts(part)


def shape(node: Node) -> Shape:
    """Return a condition without its places, so that two of them can be compared."""
    value = (type(node.value).__name__, node.value)
    return (node.kind, node.name, value, node.tested, tuple(shape(part) for part in node.parts))


def opposite(node: Node) -> Shape:
    """Return the shape of the condition that holds where this one does not."""
    if node.kind == "call" and node.name == "!_":
        return shape(node.parts[0])
    if node.kind == "call" and node.name in _OPPOSITE:
        kind, _, *rest = shape(node)
        return (kind, _OPPOSITE[node.name], *rest)
    return ("call", "!_", ("NoneType", None), False, (shape(node),))


def labels_of(node: Node) -> tuple[Path, list[Any]]:
    """Return what a condition compares with constants, and those; nothing of any other condition."""
    nothing: tuple[Path, list[Any]] = ((), [])
    if node.kind != "call":
        return nothing
    if node.name == "_==_":
        sides = [(path_of(one), other) for one, other in (node.parts, reversed(node.parts))]
        return next(((path, [other.value]) for path, other in sides if path and _is_label(other)), nothing)
    if node.name == "@in" and node.parts[1].kind == "list":
        path, listed = path_of(node.parts[0]), node.parts[1].parts
        return (path, [part.value for part in listed]) if path and all(map(_is_label, listed)) else nothing
    if node.name == "_||_":
        (path, values), *others = [labels_of(part) for part in node.parts]
        if path and all(other == path for other, _ in others):
            return path, [*values, *(value for _, more in others for value in more)]
    return nothing


def _is_label(node: Node) -> bool:
    return node.kind == "const" and node.value is not None
