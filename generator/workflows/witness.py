"""Paths of steps that show how a run gets into trouble: one related place for each step."""

from collections.abc import Iterable, Sequence

from generator.model import Declared
from generator.problems import Place
from generator.workflows.flow import Node
from generator.workflows.guards import Path
from generator.workflows.paths import ScopePaths, paths
from generator.workflows.typed import Spot

SHOWN = 16
"""Steps of a path that are shown."""


def place(workflow: Declared, node: Node) -> Place:
    """Return where a step says its id."""
    return workflow.document.at((*node.loc, "id"))


def without(workflow: Declared, spot: Spot, path: Path) -> list[tuple[Node, str]]:
    """Return the steps of a run that gets to a place without a path being there, in the lists of steps around too."""
    found: list[tuple[Node, str]] = []
    every = paths(workflow)
    here = spot.paths or every["spec", "steps"]
    for outer in _around(here, every.values()):
        position = next(p for p, n in enumerate(outer.scope.nodes) if here.scope.loc[: len(n.loc)] == n.loc)
        found += [*(outer.without(path, position) or []), (outer.scope.nodes[position], "")]
    return [*found, *(here.without(path, spot.position) or [])]


def _around(here: ScopePaths, every: Iterable[ScopePaths]) -> list[ScopePaths]:
    inner = here.scope.loc
    found = [one for one in every if one is not here and inner[: len(one.scope.loc)] == one.scope.loc]
    return sorted(found, key=lambda one: len(one.scope.loc))


def related(workflow: Declared, steps: Sequence[tuple[Node, str]]) -> tuple[tuple[Place, str], ...]:
    """Return a path of steps as related places, in order."""
    shown = [(place(workflow, node), f"{node.step.id}{': ' + why if why else ''}") for node, why in steps[:SHOWN]]
    return tuple((at, f"{number}. {text}") for number, (at, text) in enumerate(shown, 1))


def visited(workflow: Declared, way: Sequence[Node]) -> tuple[tuple[Place, str], ...]:
    """Return the steps of a way as related places, each once, with how often it is visited."""
    counts: dict[str, int] = {}
    for node in way:
        counts[node.step.id] = counts.get(node.step.id, 0) + 1
    first = {node.step.id: node for node in reversed(way)}
    steps = [(first[name], "" if times == 1 else f"{times} times") for name, times in counts.items()]
    return related(workflow, steps)
