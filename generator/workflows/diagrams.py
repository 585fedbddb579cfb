"""A workflow as a drawing: steps and ways between them -> Mermaid, DOT or SVG text."""

import functools
import html
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from generator.workflows.xml import held
from runtime.contract import Step
from runtime.nodes.fail import FailStep
from runtime.nodes.for_each import ForEachStep
from runtime.nodes.http import HttpStep
from runtime.nodes.listen import ListenStep
from runtime.nodes.parallel import ParallelStep
from runtime.nodes.switch import SwitchStep
from runtime.steps import verb_of

START, END = "start", "end"
"""Verbs of the two boxes that are no steps."""
MISSING = "no such step"
"""Verb of a box for what a step names that is not there."""
ON_ERROR = "on error"
"""How the label of a way begins that is taken when a step has failed."""
UNDONE = "undone by"
"""The label of the way to what undoes a step when the run fails."""
FAILED, BACK = "#b3374a", "#2f6fb3"
"""Colours of ways that only a failure takes, and of ways that lead back."""
FIRST, LAST = "(start)", "(end)"
"""Their ids: no step can have such a name."""


@dataclass(frozen=True)
class Node:
    """One box: a step, or the start or end."""

    id: str
    label: str
    verb: str
    uses: str = ""
    """What it calls: an agent, a workflow, a tool, a channel."""

    @property
    def says(self) -> str:
        """The verb and what it calls, such as `agent planner`."""
        return f"{self.verb} {self.uses}".strip()


@dataclass(frozen=True)
class Edge:
    """One way from box to box; the label says when it is taken."""

    source: str
    target: str
    label: str = ""
    back: bool = False
    """It leads back to a box above, or to the same one: a loop."""

    @property
    def exceptional(self) -> bool:
        """Whether it is taken only when something has failed."""
        return self.label.startswith((ON_ERROR, UNDONE))


@dataclass(frozen=True)
class Diagram:
    """Boxes in the order of the steps, and ways."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


_Part = TypeVar("_Part", Node, Edge)


def diagram(steps: Sequence[Step]) -> Diagram:
    """Return the drawing of a workflow; steps inside branches and loops are drawn as `step/branch/inner`."""
    inner, edges = _sequence(steps, "", LAST)
    named = {FIRST, LAST, *(node.id for node in inner)}
    dead = dict.fromkeys(edge.target for edge in edges if edge.target not in named)
    missing = (Node(target, target.rpartition("/")[2], MISSING) for target in dead)
    nodes = (Node(FIRST, START, START), *inner, *missing, Node(LAST, END, END))
    order = {node.id: number for number, node in enumerate(nodes)}
    ways = (Edge(FIRST, steps[0].id), *_merged(edges, order))
    return Diagram(tuple(map(_readable, nodes)), tuple(map(_readable, ways)))


def _readable(part: _Part) -> _Part:
    """Return a box or a way with its texts in one line each, without characters that no picture can hold."""
    texts = {name: held(" ".join(text.split())) for name, text in vars(part).items() if isinstance(text, str)}
    return replace(part, **texts)


def _merged(edges: Iterable[Edge], order: Mapping[str, int]) -> Iterator[Edge]:
    """Yield one way for all that lead from one box to the same other one; those of failures have their own."""
    labels: dict[tuple[str, str, bool], dict[str, None]] = {}
    for edge in edges:
        labels.setdefault((edge.source, edge.target, edge.exceptional), {})[edge.label] = None
    for (source, target, exceptional), found in labels.items():
        if exceptional and "" in labels.get((source, target, False), {}):
            continue  # it goes on as if nothing had failed
        yield Edge(source, target, _joined(list(found)), order[target] <= order[source])


def _joined(labels: Sequence[str]) -> str:
    """Return one label for several: `on error timeout or unavailable`; none where one way has no condition."""
    first, *others = labels
    return "" if "" in labels else " or ".join((first, *(label.removeprefix(f"{ON_ERROR} ") for label in others)))


def _sequence(steps: Sequence[Step], prefix: str, end: str) -> tuple[list[Node], list[Edge]]:
    nodes: list[Node] = []
    edges: list[Edge] = []
    for position, step in enumerate(steps):
        following = f"{prefix}{steps[position + 1].id}" if position + 1 < len(steps) else end
        here = f"{prefix}{step.id}"
        nodes.append(Node(here, step.id, verb_of(step) or "", _uses(step)))
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


def _uses(step: Step) -> str:
    """Return the names that a step calls by its verb; empty where it calls nothing by name."""
    called = getattr(step, verb_of(step) or "", "")
    if isinstance(step, HttpStep):
        return f"{step.http.method} {step.http.url}"
    if isinstance(step, ListenStep):
        return ", ".join(heard.channel for heard in step.listen.heard)
    named = getattr(called, "channel", None) or getattr(called, "model", None) or called
    return named if isinstance(named, str) else ""


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
        yield nodes, [Edge(here, f"{place}{step.compensate[0].id}", UNDONE), *(e for e in edges if e.target)]


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
        lines.append(f"  {ids[edge.source]} {'-.->' if edge.exceptional else '-->'}{label} {ids[edge.target]}")
    for color, drawn in (
        (FAILED, [number for number, edge in enumerate(drawing.edges) if edge.exceptional]),
        (BACK, [number for number, edge in enumerate(drawing.edges) if edge.back and not edge.exceptional]),
    ):
        lines += [f"  linkStyle {','.join(map(str, drawn))} stroke:{color}"] if drawn else []
    return "\n".join(lines) + "\n"


def _mermaid_shape(node: Node) -> str:
    text = _mermaid_text(title(node))
    if node.verb in (START, END):
        return f'(["{text}"])'
    if node.verb == "switch":
        return f'{{"{text}"}}'
    if node.verb == "workflow":
        return f'[["{text}"]]'
    return f'[/"{text}"/]' if node.verb in ("approval", "ask", "wait", "listen") else f'["{text}"]'


_SPECIAL = re.compile(r"[#`\\]|%%|\$\$")
"""What is more than text to Mermaid, also between quotes: entities, Markdown, line breaks, directives, formulas."""


def _mermaid_text(text: str) -> str:
    """Return a text as it stands between quotes."""
    plain = _SPECIAL.sub(lambda found: "".join(f"#{ord(character)};" for character in found[0]), text)
    return html.escape(plain, quote=False).replace('"', "#quot;")


def title(node: Node) -> str:
    """Return what stands in a box."""
    return node.label if node.verb in (START, END, "join") else f"{node.label} ({node.says})"


def dot(drawing: Diagram, name: str) -> str:
    """Return a Graphviz digraph."""
    shapes = {START: "oval", END: "oval", "switch": "diamond", "approval": "parallelogram", "ask": "parallelogram",
              "workflow": "component"}  # fmt: skip
    lines = [f'digraph "{name}" {{', "  node [shape=box, fontname=Helvetica];"]
    lines += [
        f"  {_dot(n.id)} [label={_dot_label(title(n))}, shape={shapes.get(n.verb, 'box')}];" for n in drawing.nodes
    ]
    lines += [f"  {_dot(edge.source)} -> {_dot(edge.target)}{_dot_way(edge)};" for edge in drawing.edges]
    return "\n".join([*lines, "}"]) + "\n"


def _dot_way(edge: Edge) -> str:
    found = [f"label={_dot_label(edge.label)}"] if edge.label else []
    if edge.exceptional:
        found += ["style=dashed", f'color="{FAILED}"']
    elif edge.back:
        found += [f'color="{BACK}"']
    return f" [{', '.join(found)}]" if found else ""


def _dot(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _dot_label(text: str) -> str:
    """Return a label, in which `&x;` would be a character by its name."""
    return _dot(re.sub(r"&(?=#?\w+;)", "&amp;", text))
