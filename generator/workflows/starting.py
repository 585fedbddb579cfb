"""State fields and step outputs that are read on a path on which nothing has written them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from generator.model import Catalogue, Declared
from generator.problems import Problem
from generator.references import Expression
from generator.workflows.flow import Node as Node_
from generator.workflows.guards import Path, path_of, there
from generator.workflows.paths import empty_at_start
from generator.workflows.reads import Read, reads
from generator.workflows.typed import Spot, sources, typed
from generator.workflows.witness import related, without
from runtime.expressions.tree import Node, tree

CODE = "read-before-write"


@dataclass(frozen=True)
class _Early:
    """A read that comes too early: what it needs, and the steps that lead to it."""

    read: Read
    spot: Spot
    needed: Path
    way: tuple[tuple[Node_, str], ...]


def problems(catalogue: Catalogue, workflow: Declared) -> Iterator[Problem]:
    """Yield such reads, with a path of steps that leads to them; those of one step with one path are told once."""
    together: dict[tuple[object, ...], list[_Early]] = {}
    for early in _early(catalogue, workflow):
        way = tuple(node.loc for node, _ in early.way)
        node = early.spot.node
        group = (early.needed[0], way, node.loc if node else None)
        together.setdefault(group, []).append(early)
    for group in together.values():
        yield _problem(workflow, group)


def _early(catalogue: Catalogue, workflow: Declared) -> Iterator[_Early]:
    types, seen = typed(catalogue, workflow), set[tuple[object, ...]]()
    for read in reads(workflow, catalogue):
        needed = _needed(workflow, read)
        if needed is None:
            continue
        spot = types.spot(read.expression.loc)
        if spot.facts is None or there(needed, spot.facts) or _guarded(read.expression, needed):
            continue
        if (spot.node.loc if spot.node else None, needed) not in seen:
            seen.add((spot.node.loc if spot.node else None, needed))
            yield _Early(read, spot, needed, tuple(without(workflow, spot, needed)))


def _needed(workflow: Declared, read: Read) -> Path | None:
    """Return what has to be there before a read; None where nothing has."""
    match read.path:
        case ("state", name, *_) if name in workflow.spec.state and empty_at_start(workflow.spec.state[name]):
            return ("state", name)
        case ("steps", name, "output", *_) if name in read.visible and not read.tested:
            return ("steps", name, "output")
        case ("steps", name, _, *_) if name in read.visible and not read.tested:
            return ("steps", name)
        case _:
            return None


def _guarded(expression: Expression, needed: Path) -> bool:
    """Whether the same expression tests it, with `has()` or against null."""
    return any(
        _tests(node, needed) for source, _ in sources(expression) if (root := tree(source)) for node in root.walk()
    )


def _tests(node: Node, needed: Path) -> bool:
    if node.tested:
        path = path_of(replace(node, tested=False))
        return path is not None and path[: len(needed)] == needed and needed[0] != "state"
    if node.kind != "call" or node.name not in ("_==_", "_!=_"):
        return False
    sides = [path_of(part) or () for part in node.parts]
    null = any(part.kind == "const" and part.value is None for part in node.parts)
    return null and any(side[: len(needed)] == needed for side in sides)


def _problem(workflow: Declared, group: list[_Early]) -> Problem:
    first = group[0]
    node = first.spot.node
    here = f"{node.step.id} reads it" if node else "the run ends, and its output reads it"
    what, hint = _words(list(dict.fromkeys(early.needed for early in group)))
    found = first.read.problem(CODE, f"{what} on a path that leads here", hint)
    steps = related(workflow, first.way)
    return replace(found, related=(*steps, (found.place, f"{len(steps) + 1}. {here}")))


def _words(needed: list[Path]) -> tuple[str, str]:
    names = ", ".join(f'"{path[1]}"' for path in needed)
    many = len(needed) > 1
    if needed[0][0] == "state":
        hint = "give it a `default` (`default: null` says that nothing is meant), or write it on every path"
        return f"no step has written the state field{'s' if many else ''} {names}", hint
    has = "succeeded" if len(needed[0]) == 3 else "run"
    hint = f"test it first: has(steps.{needed[0][1]}) && steps.{needed[0][1]}.output != null"
    return f"the step{'s' if many else ''} {names} {'have' if many else 'has'} not {has}", hint
