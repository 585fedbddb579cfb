"""A workflow as a drawing: steps and ways between them -> Mermaid, DOT or SVG text."""

import functools
import html
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from runtime.contract import Step
from runtime.nodes.fail import FailStep
from runtime.nodes.for_each import ForEachStep
from runtime.nodes.parallel import ParallelStep
from runtime.nodes.switch import SwitchStep
from runtime.steps import verb_of

START, END = "start", "end"
"""Verbs of the two boxes that are no steps."""
ON_ERROR = "on error"
"""How the label of a way begins that is taken when a step has failed."""
FIRST, LAST = "(start)", "(end)"
"""Their ids: no step can have such a name."""


@dataclass(frozen=True)
class Node:
    """One box: a step, or the start or end."""

    id: str
    label: str
    verb: str


@dataclass(frozen=True)
class Edge:
    """One way from box to box; the label says when it is taken."""

    source: str
    target: str
    label: str = ""


@dataclass(frozen=True)
class Diagram:
    """Boxes in the order of the steps, and ways."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


def diagram(steps: Sequence[Step]) -> Diagram:
    """Return the drawing of a workflow; steps inside branches and loops are drawn as `step/branch/inner`."""
    nodes, edges = _sequence(steps, "", LAST)
    first = Edge(FIRST, steps[0].id)
    return Diagram((Node(FIRST, START, START), *nodes, Node(LAST, END, END)), (first, *_merged(edges)))


def _merged(edges: Iterable[Edge]) -> Iterator[Edge]:
    """Yield one way for all that lead from one box to the same other one."""
    labels: dict[tuple[str, str], dict[str, None]] = {}
    for edge in edges:
        labels.setdefault((edge.source, edge.target), {})[edge.label] = None
    for (source, target), found in labels.items():
        yield Edge(source, target, "" if "" in found else " or ".join(found))


def _sequence(steps: Sequence[Step], prefix: str, end: str) -> tuple[list[Node], list[Edge]]:
    nodes: list[Node] = []
    edges: list[Edge] = []
    for position, step in enumerate(steps):
        following = f"{prefix}{steps[position + 1].id}" if position + 1 < len(steps) else end
        here = f"{prefix}{step.id}"
        nodes.append(Node(here, step.id, verb_of(step) or ""))
        inner_nodes, inner_edges, last = _inside(step, here)
        nodes += inner_nodes
        edges += inner_edges
        for target, label in _ways(step):
            edges.append(Edge(last if not label else here, _target(target, prefix, following, end), label))
        for beside, ways in _attached(
            step, here, functools.partial(_target, prefix=prefix, following=following, end=end)
        ):
            nodes += beside
            edges += ways
    return nodes, edges


def _inside(step: Step, here: str) -> tuple[list[Node], list[Edge], str]:
    """Return what is drawn inside a step, and the box that the way on starts from."""
    branches: Mapping[str, Sequence[Step]] = {}
    label = "join"
    if isinstance(step, ParallelStep):
        branches, label = step.parallel.branches, f"join {step.parallel.join}"
    elif isinstance(step, ForEachStep):
        branches, label = {"each": step.for_each.steps}, "all items"
    if not branches:
        return [], [], here
    join = f"{here}/join"
    nodes: list[Node] = []
    edges: list[Edge] = []
    for name, inner in branches.items():
        if not inner:
            continue
        more_nodes, more_edges = _sequence(inner, f"{here}/{name}/", join)
        nodes += more_nodes
        edges += [Edge(here, f"{here}/{name}/{inner[0].id}", name), *more_edges]
    return [*nodes, Node(join, label, "join")], edges, join


def _attached(step: Step, here: str, target: Callable[[str], str]) -> Iterator[tuple[Sequence[Node], Sequence[Edge]]]:
    """Yield what is drawn beside a step: what follows when it fails, and what undoes it."""
    for number, handler in enumerate(step.on_error):
        label, after = f"{ON_ERROR} {handler.match}", target(handler.goto or step.next or "")
        if handler.do:
            place = f"{here}/onError[{number}]/"
            nodes, edges = _sequence(handler.do, place, after)
            yield nodes, [Edge(here, f"{place}{handler.do[0].id}", label), *edges]
        else:
            yield (), [Edge(here, after, label)]
    if step.compensate:
        place = f"{here}/compensate/"
        nodes, edges = _sequence(step.compensate, place, "")
        yield nodes, [Edge(here, f"{place}{step.compensate[0].id}", "undone by"), *(e for e in edges if e.target)]


def _ways(step: Step) -> Iterable[tuple[str, str]]:
    if isinstance(step, FailStep):
        return
    if isinstance(step, SwitchStep):
        yield from ((case.then, case.when) for case in step.switch)
        yield step.default, "otherwise"
    else:
        yield step.next or "", ""
    if step.on_exhausted:
        yield step.on_exhausted, f"after {step.max_visits} visits"


def _target(name: str, prefix: str, following: str, end: str) -> str:
    if not name:
        return following
    return end if name == "end" else f"{prefix}{name}"


# --- text -----------------------------------------------------------------------------------------------------------


def mermaid(drawing: Diagram) -> str:
    """Return a Mermaid flowchart."""
    ids = {node.id: f"n{number}" for number, node in enumerate(drawing.nodes)}
    lines = ["flowchart TD", *(f"  {ids[node.id]}{_mermaid_shape(node)}" for node in drawing.nodes)]
    for edge in drawing.edges:
        label = f'|"{_mermaid_text(edge.label)}"|' if edge.label else ""
        lines.append(f"  {ids[edge.source]} -->{label} {ids[edge.target]}")
    return "\n".join(lines) + "\n"


def _mermaid_shape(node: Node) -> str:
    text = _mermaid_text(_title(node))
    if node.verb in (START, END):
        return f'(["{text}"])'
    if node.verb == "switch":
        return f'{{"{text}"}}'
    return f'[/"{text}"/]' if node.verb in ("approval", "ask", "wait", "listen") else f'["{text}"]'


def _mermaid_text(text: str) -> str:
    return html.escape(text, quote=True).replace("&#x27;", "'").replace("&quot;", "#quot;")


def _title(node: Node) -> str:
    return node.label if node.verb in (START, END, "join") else f"{node.label} ({node.verb})"


def dot(drawing: Diagram, name: str) -> str:
    """Return a Graphviz digraph."""
    shapes = {START: "oval", END: "oval", "switch": "diamond", "approval": "parallelogram", "ask": "parallelogram"}
    lines = [f'digraph "{name}" {{', "  node [shape=box, fontname=Helvetica];"]
    lines += [f"  {_dot(n.id)} [label={_dot(_title(n))}, shape={shapes.get(n.verb, 'box')}];" for n in drawing.nodes]
    lines += [
        f"  {_dot(e.source)} -> {_dot(e.target)}" + (f" [label={_dot(e.label)}]" if e.label else "") + ";"
        for e in drawing.edges
    ]
    return "\n".join([*lines, "}"]) + "\n"


def _dot(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
