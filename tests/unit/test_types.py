"""What is read from schemas, and that no schema takes long."""

from typing import Any

import pytest

from generator.workflows.inference import infer
from generator.workflows.types import ANY, constant, from_schema, join, obj, of
from generator.workflows.types import Field as Entry
from runtime.expressions.tree import extent, tree


def _type(source: str, schema: Any) -> Any:
    node = tree(source)
    assert node is not None
    return infer(source, node, {"input": from_schema(schema)})


def test_a_schema_that_holds_itself_many_times_ends() -> None:
    schema = {"type": "object", "properties": {f"p{n}": {"$ref": "#"} for n in range(30)}}
    assert "map" in from_schema(schema).kinds


@pytest.mark.parametrize(
    "schema",
    [{"enum": []}, {"type": 5}, {"properties": 3}, {"required": "a"}, {"$ref": "#/no/where"}, {"enum": [[1], {"a": 2}]},
     {"anyOf": []}, {"items": []}, {"maxItems": "x"}, True, None, {"const": None}, {"enum": "ab"}],
)  # fmt: skip
def test_schemas_of_any_form_are_read(schema: Any) -> None:
    _type("input.a.b == 1 && input.c[0] > 2 || input.all(x, x.y == 'z')", schema)


@pytest.mark.parametrize(
    ("source", "kinds"),
    [
        ("input.words.map(w, w.size())", {"list"}),
        ("input.words.exists(w, w == 'a')", {"bool"}),
        ("input.count > 1 ? dyn('many') : dyn(1)", {"string", "int"}),
        ("input.count + 1", {"int"}),
        ("double(input.count) / 2.0", {"double"}),
        ("[1, 'a']", {"list"}),
        ("{'a': 1}.a", {"int"}),
    ],
)
def test_results_of_expressions(source: str, kinds: set[str]) -> None:
    schema = {
        "type": "object",
        "required": ["words", "count"],
        "properties": {"words": {"type": "array", "items": {"type": "string"}}, "count": {"type": "integer"}},
    }
    found, problems = _type(source, schema)
    assert found.kinds == kinds
    assert not problems


def test_join_keeps_what_both_sides_say() -> None:
    both = join([constant("a"), constant("b"), of("null")])
    assert both.scalars == ("a", "b")
    assert both.nullable
    assert join([constant("a"), ANY]).scalars is None
    fields = join([obj({"x": Entry(of("int"))}), obj({"y": Entry(of("int"))})]).fields
    assert [fields[name].required for name in ("x", "y")] == [False, False]


def test_true_is_not_one() -> None:
    assert join([constant(True), constant(1)]).scalars == (True, 1)


@pytest.mark.parametrize(
    ("source", "part"),
    [
        ("input.a.b == 'x'", "input.a.b"),
        ("size(input.a) > 3", "size(input.a)"),
        ("(input.a + 1) * 2 > 3", "(input.a + 1) * 2"),
    ],
)
def test_parts_are_found_in_their_text(source: str, part: str) -> None:
    root = tree(source)
    assert root is not None
    offset, length = extent(source, root.parts[0])
    assert source[offset : offset + length] == part
