"""Who uses what in the whole system: specs and the references between them -> Mermaid, DOT or SVG text."""

import html
from collections.abc import Iterator, Mapping

from generator.model import Catalogue, Declared
from generator.references import references
from generator.workflows.diagrams import Diagram, Edge, Node

COLUMNS = (
    ("Alerts", "Dashboard", "Notifications"), ("Runtime",), ("Workflow",), ("Agent",),
    ("Tool", "Model", "Channel"), ("StateStore", "Backup"),
)  # fmt: skip
"""Kinds that are drawn, from those that use to those that are used. Teams and environments would be named by all."""
_WIDTH, _HEIGHT, _GAP_X, _GAP_Y, _MARGIN = 190, 30, 120, 10, 40
_FILL = {
    "Runtime": "#e8f3ec", "Workflow": "#e4ecfb", "Agent": "#eae6fa", "Tool": "#fdf3dc", "Model": "#f9e3e6",
    "Channel": "#eef1f5", "StateStore": "#e8f3ec",
}  # fmt: skip


def system(catalogue: Catalogue) -> Diagram:
    """Return the drawing of all specs of these kinds and of what each of them names, as far as it can be read."""
    kinds = [kind for column in COLUMNS for kind in column]
    drawn = [spec for kind in kinds for spec in catalogue.all(kind)]
    unread = [Node(f"{kind}/{name}", name, kind) for kind, name in catalogue.unparsed if kind in kinds]
    nodes = (*(Node(_id(spec), spec.name, spec.kind) for spec in drawn), *unread)
    known = {node.id for node in nodes}
    edges = dict.fromkeys(edge for spec in drawn for edge in _edges(spec) if edge.target in known)
    return Diagram(nodes, tuple(edge for edge in edges if edge.source != edge.target))


def _id(spec: Declared) -> str:
    return f"{spec.kind}/{spec.name}"


def _edges(spec: Declared) -> Iterator[Edge]:
    for reference in references(spec):
        yield Edge(_id(spec), f"{reference.kind}/{reference.name}")


# --- SVG ------------------------------------------------------------------------------------------------------------


def svg(drawing: Diagram) -> str:
    """Return the drawing as SVG 1.1: a column for each group of kinds, lines from left to right."""
    places = _places(drawing)
    width = max((x for x, _ in places.values()), default=0) + _WIDTH + _GAP_X // 2
    height = max((y for _, y in places.values()), default=0) + _HEIGHT + _MARGIN
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'font-family="system-ui, sans-serif" font-size="12">'
    )
    parts = [
        head,
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        *(_line(places[edge.source], places[edge.target], edge) for edge in drawing.edges),
        *(_box(node, places[node.id]) for node in drawing.nodes),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _places(drawing: Diagram) -> Mapping[str, tuple[int, int]]:
    """Return the left upper corner of each box; columns that are empty take no room."""
    groups = [[node for node in drawing.nodes if node.verb in column] for column in COLUMNS]
    columns = [_near(group, drawing) for group in groups if group]
    tallest = max((len(column) for column in columns), default=0)
    step = _HEIGHT + _GAP_Y
    return {
        node.id: (_MARGIN + number * (_WIDTH + _GAP_X), _MARGIN + (tallest - len(column)) * step // 2 + row * step)
        for number, column in enumerate(columns)
        for row, node in enumerate(column)
    }


def _near(group: list[Node], drawing: Diagram) -> list[Node]:
    """Return boxes of one column, each near those that use it, so that few lines cross."""
    order = {node.id: number for number, node in enumerate(drawing.nodes)}
    users: dict[str, list[int]] = {}
    for edge in drawing.edges:
        users.setdefault(edge.target, []).append(order[edge.source])
    return sorted(group, key=lambda n: (n.verb, sum(users.get(n.id, [0])) / len(users.get(n.id, [0])), n.label))


def _line(start: tuple[int, int], end: tuple[int, int], edge: Edge) -> str:
    """Draw a way; between boxes of one column it goes around on their right."""
    x1, y1, x2, y2 = start[0] + _WIDTH, start[1] + _HEIGHT // 2, end[0], end[1] + _HEIGHT // 2
    bend = _GAP_X // 2
    if start[0] >= end[0]:
        x2 += _WIDTH if start[0] == end[0] else 0
        path = f"M{x1} {y1} C{x1 + bend} {y1} {x2 + bend} {y2} {x2} {y2}"
    else:
        path = f"M{x1} {y1} C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}"
    title = html.escape(f"{edge.source} uses {edge.target}")
    return f'<path d="{path}" fill="none" stroke="#8a97a8" stroke-opacity="0.7"><title>{title}</title></path>'


def _box(node: Node, place: tuple[int, int]) -> str:
    x, y = place
    shown = node.label if len(node.label) <= 24 else node.label[:23] + "…"
    return (
        f'<rect x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="4" fill="{_FILL.get(node.verb, "#f4f6f9")}" '
        f'stroke="#8a97a8"/><text x="{x + 8}" y="{y + 19}" fill="#16202c">{html.escape(shown)}'
        f"<title>{html.escape(node.id)}</title></text>"
        f'<text x="{x + _WIDTH - 6}" y="{y + 11}" text-anchor="end" font-size="8" fill="#5b6b7f">{node.verb}</text>'
    )
