"""Mermaid and Graphviz draw every workflow as it is meant: the same boxes and ways, texts as they stand in the spec."""

import json
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from generator import pipeline
from generator.workflows import diagrams, svg, system
from generator.workflows.diagrams import Diagram
from runtime.steps import parse
from tests.rigs.tools import tool

ROOT = Path(__file__).parents[2]
SET = {"set": {"n": 1}}
AWKWARD = [
    *(
        'state.a == "x" && state.b < 3 || !("y" in state.c)',
        "end",
        "subgraph x",
        "[a](b){c}|d|;e",
        "`f` $g$ \\g \\N \\n",
    ),
    *("#35; #quot; &amp; &#65; &lt;b&gt;", "%%{init: {'theme': 'dark'}}%% %% x", "<script>1</script><br/>", "1. one"),
    *(
        "- *a* _b_ **c** ~~d~~",
        "größer 漢字 \U0001f600",
        "click n0 call x()",
        "n0 --> n1",
        "'",
        '"',
        "\\",
        "@{ shape: x }",
    ),
]
"""Texts each of which means something else to Mermaid, Graphviz or a browser than to those who read it."""


def drawn() -> Iterator[Diagram]:
    """Yield every workflow that we ship, both systems, and one of awkward texts."""
    for root in (ROOT, ROOT / "examples/patterns"):
        written = pipeline.check(root).written
        yield from (diagrams.diagram(spec.spec.steps) for spec in written.all("Workflow"))
        yield system.system(written)
    yield diagrams.diagram(parse(awkward(AWKWARD)))


def awkward(texts: Sequence[str]) -> list[dict[str, Any]]:
    """Return steps with these texts as conditions, as names that are called, and as names of branches."""
    steps = [{"id": f"end-{n}", "agent": text} for n, text in enumerate(texts)]
    cases = [{"when": text, "then": f"end-{n}"} for n, text in enumerate(texts)]
    branches = {text: [{"id": "style", **SET}] for text in texts}
    return [
        {"id": "graph", "switch": cases, "default": "class"},
        *steps,
        {"id": "class", "parallel": {"branches": branches}},
    ]


def read(form: str, texts: Sequence[str]) -> list[dict[str, Any]]:
    """Return what Mermaid or Graphviz reads in drawings."""
    asked = json.dumps([{"form": form, "text": text} for text in texts])
    done = subprocess.run([tool("drawings")], input=asked, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_mermaid_draws_what_is_meant() -> None:
    drawings = list(drawn())
    for drawing, found in zip(drawings, read("mermaid", [diagrams.mermaid(one) for one in drawings]), strict=True):
        ids = {node.id: f"n{number}" for number, node in enumerate(drawing.nodes)}
        assert found == {
            "nodes": {ids[node.id]: diagrams.title(node) for node in drawing.nodes},
            "edges": [
                [ids[e.source], ids[e.target], e.label, "dotted" if e.exceptional else "normal"] for e in drawing.edges
            ],
        }


def test_graphviz_draws_what_is_meant() -> None:
    drawings = list(drawn())
    for drawing, found in zip(drawings, read("dot", [diagrams.dot(one, "end") for one in drawings]), strict=True):
        assert found["nodes"] == {node.id: diagrams.title(node) for node in drawing.nodes}
        assert sorted(found["edges"]) == sorted(
            [e.source, e.target, e.label, "dashed" if e.exceptional else "normal"] for e in drawing.edges
        )


def test_what_is_no_drawing_is_refused_by_both() -> None:
    assert "error" in read("mermaid", ["flowchart TD\n  n0[a --> n1\n"])[0]
    assert "error" in read("dot", ['digraph "a" { b -> }'])[0]


def test_pictures_hold_whatever_a_text_says() -> None:
    steps = parse(
        [
            {"id": "a", "agent": "x\x00\x1b\ufffe y", "onError": [{"match": "b\x07\nc", "goto": "b"}]},
            {"id": "c", **SET},
            {"id": "b", **SET},
        ]
    )
    drawing = diagrams.diagram(steps)
    assert drawing.nodes[1].uses == "x\ufffd\ufffd\ufffd y"
    assert "on error b\ufffd c" in [edge.label for edge in drawing.edges]
    for each in (drawing, *drawn()):
        for text in (svg.svg(each),) if each.nodes[0].id == diagrams.FIRST else (system.svg(each),):
            assert len(list(ET.fromstring(text).iter("{http://www.w3.org/2000/svg}text"))) >= len(each.nodes)
