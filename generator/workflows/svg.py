"""A drawing -> SVG text: layers from top to bottom, ways back on the side."""

import html
from collections.abc import Mapping
from dataclasses import dataclass

from generator.workflows.diagrams import BACK, END, FAILED, LAST, START, Diagram, Edge, Node

WIDTH, HEIGHT, GAP_X, GAP_Y, MARGIN, LANE, LABEL = 190, 44, 70, 72, 44, 14, 240
LINE = "#5b6b7f"
CHARACTER = 6.3
"""Pixels of one character at 11 px."""


@dataclass(frozen=True)
class Box:
    """Where a node is drawn: left upper corner."""

    x: float
    y: float

    @property
    def middle(self) -> float:
        """x of the middle."""
        return self.x + WIDTH / 2


def svg(drawing: Diagram) -> str:
    """Return the drawing as SVG 1.1; readable on light and dark pages."""
    rank = _ranks(drawing)
    boxes = _place(drawing, rank)
    jumps = [e for e in drawing.edges if rank[e.target] != rank[e.source] + 1]
    right = max(box.x for box in boxes.values()) + WIDTH + LABEL
    width = right + LANE * (len(jumps) + 1)
    height = max(box.y for box in boxes.values()) + HEIGHT + MARGIN
    parts = [_head(width, height)]
    parts += [_straight(e, boxes) for e in drawing.edges if e not in jumps]
    nth: dict[str, int] = {}
    for number, edge in enumerate(jumps):
        nth[edge.source] = nth.get(edge.source, -1) + 1
        parts.append(_around(edge, boxes, right + LANE * number, nth[edge.source]))
    parts += [_box(node, boxes[node.id]) for node in drawing.nodes]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _ranks(drawing: Diagram) -> dict[str, int]:
    """Return the layer of each node: one below the last of those that lead to it; ways back do not count."""
    order = {node.id: number for number, node in enumerate(drawing.nodes)}
    rank = dict.fromkeys(order, 0)
    for node in drawing.nodes:
        for edge in drawing.edges:
            if edge.source == node.id and order[edge.target] > order[node.id]:
                rank[edge.target] = max(rank[edge.target], rank[node.id] + 1)
    rank[LAST] = max(rank.values(), default=0) if rank[LAST] == max(rank.values()) else max(rank.values()) + 1
    return rank


def _place(drawing: Diagram, rank: Mapping[str, int]) -> dict[str, Box]:
    rows: dict[int, list[str]] = {}
    for node in drawing.nodes:
        rows.setdefault(rank[node.id], []).append(node.id)
    widest = max(len(row) for row in rows.values())
    full = widest * (WIDTH + GAP_X) - GAP_X
    boxes: dict[str, Box] = {}
    for number, row in rows.items():
        start = MARGIN + (full - (len(row) * (WIDTH + GAP_X) - GAP_X)) / 2
        for column, name in enumerate(row):
            boxes[name] = Box(start + column * (WIDTH + GAP_X), MARGIN + number * (HEIGHT + GAP_Y))
    return boxes


def _head(width: float, height: float) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}" '
        'font-family="system-ui, sans-serif" font-size="12">\n'
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0 L8 4 L0 8 z" fill="#5b6b7f"/></marker></defs>\n'
        '<rect width="100%" height="100%" fill="#ffffff"/>'
    )


def _box(node: Node, box: Box) -> str:
    fill, round_ = {
        START: ("#e8f3ec", 22), END: ("#e8f3ec", 22), "switch": ("#fdf3dc", 4), "approval": ("#f9e3e6", 4),
        "ask": ("#f9e3e6", 4), "join": ("#eef1f5", 22), "workflow": ("#e4ecfb", 4), "agent": ("#eae6fa", 4),
    }.get(node.verb, ("#f4f6f9", 4))  # fmt: skip
    text = html.escape(shortened(node.label, 28))
    small = "" if node.verb in (START, END, "join") else (
        f'<text x="{box.middle:.1f}" y="{box.y + 34:.1f}" text-anchor="middle" font-size="10" fill="#5b6b7f">{html.escape(shortened(node.says, 32))}<title>{html.escape(node.says)}</title></text>'
    )  # fmt: skip
    y = box.y + (20 if small else 27)
    return (
        f'<rect x="{box.x:.1f}" y="{box.y:.1f}" width="{WIDTH}" height="{HEIGHT}" rx="{round_}" fill="{fill}" stroke="#8a97a8"/>'
        f'<text x="{box.middle:.1f}" y="{y:.1f}" text-anchor="middle" fill="#16202c">{text}</text>{small}'
    )


def shortened(text: str, most: int) -> str:
    """Return a text of so many characters at most."""
    return text if len(text) <= most else text[: most - 1] + "…"


def _straight(edge: Edge, boxes: Mapping[str, Box]) -> str:
    a, b = boxes[edge.source], boxes[edge.target]
    y1, y2 = a.y + HEIGHT, b.y
    path = f"M{a.middle:.1f} {y1:.1f} C{a.middle:.1f} {y1 + GAP_Y / 2:.1f} {b.middle:.1f} {y2 - GAP_Y / 2:.1f} {b.middle:.1f} {y2:.1f}"
    return _way(path, edge) + _label(edge.label, b.middle, y2 - 16, "middle")


def _around(edge: Edge, boxes: Mapping[str, Box], lane: float, nth: int) -> str:
    """Draw a way that skips layers or leads back: between the layers, to a lane of its own on the right, and back in.

    `nth` tells the ways of one box apart, so that neither lines nor labels lie on each other.
    """
    a, b = boxes[edge.source], boxes[edge.target]
    out_y = a.y + HEIGHT + 8 + 14 * nth
    in_x, in_y = b.x + WIDTH - 18, b.y - 10
    start_x = a.x + WIDTH - 12 - 10 * nth
    path = f"M{start_x:.1f} {a.y + HEIGHT:.1f} V{out_y:.1f} H{lane:.1f} V{in_y:.1f} H{in_x:.1f} V{b.y:.1f}"
    return _way(path, edge) + _label(edge.label, a.x + WIDTH + 6, out_y - 2, "start")


def _way(path: str, edge: Edge) -> str:
    """Draw a way; those that only a failure takes are red and dashed, those that lead back are blue."""
    color = FAILED if edge.exceptional else BACK if edge.back else LINE
    dashes = ' stroke-dasharray="5 3"' if edge.exceptional else ""
    return f'<path d="{path}" fill="none" stroke="{color}"{dashes} marker-end="url(#tip)"/>'


def _label(text: str, x: float, y: float, anchor: str) -> str:
    if not text:
        return ""
    shown = shortened(text, 36)
    left = x if anchor == "start" else x - len(shown) * CHARACTER / 2
    return (
        f'<rect x="{left - 2:.1f}" y="{y - 10:.1f}" width="{len(shown) * CHARACTER + 4:.1f}" height="13" fill="#ffffff" opacity="0.85"/>'
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="11" fill="#34404f">{html.escape(shown)}'
        f"<title>{html.escape(text)}</title></text>"
    )
