"""Drawings of workflows show every step once and every way once."""

import re
import xml.etree.ElementTree as ET
from typing import Any

from generator.workflows import diagrams
from generator.workflows.svg import svg
from runtime.steps import parse

SET = {"set": {"n": 1}}


def drawn(*steps: dict[str, Any]) -> diagrams.Diagram:
    return diagrams.diagram(parse(steps))


def ways(drawing: diagrams.Diagram) -> list[tuple[str, str, str]]:
    return [(edge.source, edge.target, edge.label) for edge in drawing.edges]


def test_a_step_may_be_called_start_or_end() -> None:
    drawing = drawn({"id": "start", **SET}, {"id": "finish", **SET})
    assert ways(drawing) == [("(start)", "start", ""), ("start", "finish", ""), ("finish", "(end)", "")]
    assert len(set(re.findall(r"^  (n\d+)[(\[{]", diagrams.mermaid(drawing), re.MULTILINE))) == 4


def test_cases_with_one_target_are_one_way() -> None:
    choice = {"id": "choose", "switch": [{"when": "a", "then": "b"}, {"when": "c", "then": "b"}], "default": "b"}
    drawing = drawn(choice, {"id": "b", **SET})
    assert ways(drawing)[1] == ("choose", "b", "a or c or otherwise")


def test_nothing_follows_a_step_that_fails() -> None:
    drawing = drawn({"id": "stop", "fail": {"type": "x", "title": "X"}}, {"id": "other", **SET})
    assert [edge.target for edge in drawing.edges if edge.source == "stop"] == []


def test_branches_meet_in_a_join() -> None:
    branches = {"a": [{"id": "one", **SET}], "b": [{"id": "two", **SET}]}
    drawing = drawn({"id": "both", "parallel": {"branches": branches}}, {"id": "after", **SET})
    assert ("both/join", "after", "") in ways(drawing)
    assert {edge.source for edge in drawing.edges if edge.target == "both/join"} == {"both/a/one", "both/b/two"}


def test_the_picture_has_every_step_and_full_labels() -> None:
    long = "state.verdict in ['revise_analysis', 'revise_plan', 'revise_design', 'revise_implementation']"
    choice = {"id": "choose", "switch": [{"when": long, "then": "b"}], "default": "end"}
    text = svg(drawn(choice, {"id": "b", **SET}))
    root = ET.fromstring(text)
    shown = ["".join(element.itertext()) for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert [name for name in ("choose", "b", "start", "end") if name not in shown] == []
    assert long in [e.text for e in root.iter("{http://www.w3.org/2000/svg}title")]


def test_what_handles_a_failure_and_what_undoes_a_step_stand_beside_it() -> None:
    handled = [{"match": "timeout", "do": [{"id": "note", **SET}], "goto": "end"}, {}]
    book = {"id": "book", "tool": "t", "onError": handled, "compensate": [{"id": "cancel", "tool": "t"}]}
    assert ways(drawn(book, {"id": "after", **SET})) == [
        ("(start)", "book", ""),
        ("book", "after", ""),
        ("book", "book/onError[0]/note", "on error timeout"),
        ("book/onError[0]/note", "(end)", ""),
        ("book", "book/compensate/cancel", "undone by"),
        ("after", "(end)", ""),
    ]


def test_boxes_say_what_their_steps_call() -> None:
    steps = [
        {"id": "a", "agent": "planner"},
        {"id": "b", "workflow": "sub"},
        {"id": "c", "emit": {"channel": "news"}},
        {"id": "d", "listen": {"any": [{"channel": "x"}, {"channel": "y"}]}},
        {"id": "e", "llm": {"model": "small", "prompt": "p"}},
        {"id": "f", "http": {"url": "https://example.com"}},
        {"id": "g", "approval": {"message": "m"}},
    ]
    assert [node.says for node in drawn(*steps).nodes[1:-1]] == [
        *("agent planner", "workflow sub", "emit news", "listen x, y", "llm small", "http GET https://example.com"),
        "approval",
    ]


def test_text_drawings_mark_failures_and_loops_too() -> None:
    again = {"id": "again", "switch": [{"when": "a", "then": "book"}], "default": "end"}
    drawing = drawn({"id": "book", "tool": "t", "onError": [{"match": "timeout", "goto": "end"}]}, again)
    text = diagrams.mermaid(drawing)
    assert 'n1 -.->|"on error timeout"| n3' in text
    assert "linkStyle 2 stroke:#b3374a" in text
    assert "linkStyle 3 stroke:#2f6fb3" in text
    dot = diagrams.dot(drawing, "w")
    assert '"book" -> "(end)" [label="on error timeout", style=dashed, color="#b3374a"];' in dot
    assert '"again" -> "book" [label="a", color="#2f6fb3"];' in dot


def test_a_way_on_and_a_way_of_a_failure_to_one_box_are_two() -> None:
    sort = {"id": "sort", "switch": [{"when": "a", "then": "b"}], "default": "end", "onError": [{"goto": "b"}]}
    found = [edge for edge in drawn(sort, {"id": "b", **SET}).edges if edge.target == "b"]
    assert [(edge.label, edge.exceptional) for edge in found] == [("a", False), ("on error *", True)]


def test_only_ways_of_errors_are_dashed() -> None:
    handler = {"match": "timeout", "goto": "b"}
    drawing = drawn({"id": "a", **SET, "onError": [handler]}, {"id": "c", **SET}, {"id": "b", **SET})
    dashed = [path for path in ET.fromstring(svg(drawing)).iter() if path.get("stroke-dasharray")]
    assert len(dashed) == 1
