"""Fields are found by what names them, not by where they stand."""

from typing import Any

import pytest

from generator.diff.fields import differences
from generator.diff.model import ABSENT

CASES: dict[str, tuple[Any, Any, list[tuple[str, Any, Any]]]] = {
    "equal values have none": ({"a": [1, {"b": 2}]}, {"a": [1, {"b": 2}]}, []),
    "a changed value": ({"a": {"b": 1}}, {"a": {"b": 2}}, [("a.b", 1, 2)]),
    "true is not 1": ({"a": 1}, {"a": True}, [("a", 1, True)]),
    "gone and new keys": ({"a": 1}, {"b": None}, [("a", 1, ABSENT), ("b", ABSENT, None)]),
    "keys that are no words are quoted": ({"a.b/c": 1}, {"a.b/c": 2}, [('["a.b/c"]', 1, 2)]),
    "items are matched by name": (
        {"c": [{"name": "x", "v": 1}, {"name": "y", "v": 1}]},
        {"c": [{"name": "new", "v": 1}, {"name": "x", "v": 1}, {"name": "y", "v": 2}]},
        [("c[y].v", 1, 2), ("c[new]", ABSENT, {"name": "new", "v": 1})],
    ),
    "alerts of one name are told apart by severity": (
        {"r": [{"alert": "A", "labels": {"severity": s}, "for": "1m"} for s in ("warning", "critical")]},
        {"r": [{"alert": "A", "labels": {"severity": s}, "for": s[:2]} for s in ("warning", "critical")]},
        [("r[A warning].for", "1m", "wa"), ("r[A critical].for", "1m", "cr")],
    ),
    "another order of named items is said once": (
        {"s": [{"id": "a"}, {"id": "b"}]},
        {"s": [{"id": "b"}, {"id": "a"}]},
        [("s[order]", "a, b", "b, a")],
    ),
    "items without a name are set against each other": (
        {"e": [{"p": 1}, {"p": 2}]},
        {"e": [{"p": 2}, {"p": 3}]},
        [("e[0].p", 1, 3)],
    ),
    "plain items are gone or new": (
        {"v": ["get", "list"]},
        {"v": ["list", "watch"]},
        [("v[]", "get", ABSENT), ("v[]", ABSENT, "watch")],
    ),
    "one plain item among equal ones": ({"v": ["a", "a"]}, {"v": ["a"]}, [("v[]", "a", ABSENT)]),
    "another order of plain items": ({"v": ["a", "b"]}, {"v": ["b", "a"]}, [("v[order]", '"a", "b"', '"b", "a"')]),
    "a list that becomes a mapping": ({"v": [1]}, {"v": {"a": 1}}, [("v", [1], {"a": 1})]),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_fields(name: str) -> None:
    old, new, expected = CASES[name]
    assert [(field.path, field.old, field.new) for field in differences(old, new)] == expected
