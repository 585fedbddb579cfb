"""Decisions of models that a workflow branches on although nothing says which answers there are."""

from collections.abc import Iterator
from dataclasses import replace

from generator.model import Catalogue, Declared, Loc, beside
from generator.problems import Place, Problem
from generator.workflows.expressing import at
from generator.workflows.flow import nodes
from generator.workflows.guards import Path
from generator.workflows.switches import labels_of
from generator.workflows.typed import Typed, typed
from generator.workflows.types import Origin, Type
from runtime.expressions.tree import Node, extent, tree
from runtime.nodes.switch import SwitchStep

CODE = "open-decision"


def problems(catalogue: Catalogue, workflow: Declared) -> Iterator[Problem]:
    """Yield each switch that compares an open text of a model, at its first such case."""
    types = typed(catalogue, workflow)
    for node in nodes(workflow):
        if isinstance(node.step, SwitchStep):
            yield from _of_switch(catalogue, workflow, types, node.loc, node.step)


def _of_switch(catalogue: Catalogue, workflow: Declared, types: Typed, loc: Loc, step: SwitchStep) -> Iterator[Problem]:
    found: dict[Path, tuple[Origin, Loc, Node, str]] = {}
    labels: dict[Path, list[str]] = {}
    for number, case in enumerate(step.switch):
        root = tree(case.when)
        for node in root.walk() if root else ():
            path, values = labels_of(node)
            origin = _origin(types, (*loc, "switch", number, "when"), path) if path else None
            if origin and all(isinstance(value, str) for value in values):
                found.setdefault(path, (origin, (*loc, "switch", number, "when"), node, case.when))
                labels.setdefault(path, []).extend(values)
    for path, (origin, where, node, source) in found.items():
        offset, length = extent(source, node)
        empty = at(catalogue, workflow, where, source, offset, length)
        yield _problem(catalogue, origin, empty, list(dict.fromkeys(labels[path])))


def _origin(types: Typed, loc: Loc, path: Path) -> Origin | None:
    """Return where an open text comes from; None of anything else."""
    found: Type | None = types.roots(types.spot(loc), loc).get(path[0])
    for name in path[1:]:
        entry = found.fields.get(name) if found else None
        found = entry.type if entry else None
    if found is None or found.scalars is not None or "string" not in found.kinds:
        return None
    return found.origin if found.origin and found.origin.path else None


def _problem(catalogue: Catalogue, origin: Origin, empty: Problem, labels: list[str]) -> Problem:
    who = f'the agent "{origin.name}"' if origin.kind == "Agent" else f'the step "{origin.path[0]}"'
    name = ".".join(origin.path if origin.kind == "Agent" else origin.path[1:])
    what = f' as "{name}"' if name else ""
    spec = catalogue.find(origin.kind, origin.name)
    related = ((_declared(spec, origin), "what it may answer is declared here"),) if spec else ()
    return replace(
        empty,
        code=CODE,
        message=f"{who} may answer any text{what}, and this switch decides by it",
        hint=f"let its schema say which answers there are: enum: [{', '.join(labels)}]",
        related=related,
    )


def _declared(spec: Declared, origin: Origin) -> Place:
    """Return where the field of a schema is declared; the schema's file, or the spec, where that is not known."""
    if origin.kind != "Agent":
        loc = next(node.loc for node in nodes(spec) if node.step.id == origin.path[0])
        return spec.document.at((*loc, "llm", "schema"))
    if isinstance(spec.spec.output, str):
        return Place(beside(spec.document.file, spec.spec.output))
    loc: Loc = ("spec", "output")
    for name in origin.path:
        loc = (*loc, "items") if name == "*" else (*loc, "properties", name)
    return spec.document.at(loc)
