"""An environment changes what it names, and nothing else; problems stand where they were written."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.overlay import merge
from generator.pipeline import check
from generator.problems import Problem, Rejected
from tests.unit.conftest import Repository

VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=3)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=2), inner, max_size=3)),
    max_leaves=8,
)

RFC_7396: list[tuple[Any, Any, Any]] = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    (["a", "b"], ["c", "d"], ["c", "d"]),
    ({"a": "b"}, ["c"], ["c"]),
    ({"a": "foo"}, None, None),
    ({"a": "foo"}, "bar", "bar"),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]


@pytest.mark.parametrize(("base", "patch", "result"), RFC_7396)
def test_the_examples_of_the_standard(base: Any, patch: Any, result: Any) -> None:
    assert merge(base, patch) == result


@given(VALUES, VALUES)
def test_merging_twice_is_merging_once(base: Any, patch: Any) -> None:
    once = merge(base, patch)
    assert merge(once, patch) == once


@given(VALUES)
def test_an_empty_patch_changes_no_mapping(base: Any) -> None:
    assert merge(base, {}) == (base if isinstance(base, dict) else {})


@given(VALUES, VALUES)
def test_merging_leaves_its_arguments_alone(base: Any, patch: Any) -> None:
    before = repr((base, patch))
    merge(base, patch)
    assert repr((base, patch)) == before


BASE = """\
apiVersion: apm/v1
kind: System
metadata: {name: shop}
spec: {title: Shop, defaultOwner: operations}
---
apiVersion: apm/v1
kind: Team
metadata: {name: operations}
spec: {title: Operations, mail: operations@example.com}
---
apiVersion: apm/v1
kind: Model
metadata: {name: small}
spec: {provider: openai, model: gpt-4o-mini, temperature: 0.5}
---
apiVersion: apm/v1
kind: Environment
metadata: {name: plain}
spec: {namespace: plain, deployed: false}
"""


def _environment(overlay: str) -> str:
    head = "apiVersion: apm/v1\nkind: Environment\nmetadata: {name: other}\n"
    return f"{head}spec:\n  namespace: other\n  deployed: false\n  overlay: {overlay}\n"


def _models(root: Path) -> dict[str, Any]:
    return {view.environment or "": view.find("Model", "small") for view in check(root).views}


def test_one_environment_is_changed_and_the_other_is_not(repository: Repository) -> None:
    overlay = "{Model: {small: {model: gpt-4o, temperature: null}}}"
    models = _models(repository({"specs/a.yaml": BASE, "specs/b.yaml": _environment(overlay)}))
    assert (models["plain"].spec.model, models["plain"].spec.temperature) == ("gpt-4o-mini", 0.5)
    assert (models["other"].spec.model, models["other"].spec.temperature) == ("gpt-4o", 0.0)


def test_what_was_written_stays_as_it_was(repository: Repository) -> None:
    overlay = "{Model: {small: {model: gpt-4o}}}"
    specs = check(repository({"specs/a.yaml": BASE, "specs/b.yaml": _environment(overlay)}))
    written = specs.written.find("Model", "small")
    assert written
    assert written.spec.model == "gpt-4o-mini"


def _one(root: Path) -> Problem:
    with pytest.raises(Rejected) as rejected:
        check(root)
    (problem,) = (found for found in rejected.value.problems if found.severity == "error")
    return problem


@pytest.mark.parametrize(
    ("overlay", "code", "column"),
    [
        ("{Model: {smal: {model: gpt-4o}}}", "dead-overlay", 21),
        ("{Modell: {small: {model: gpt-4o}}}", "dead-overlay", 22),
        ("{Model: {small: {modle: gpt-4o}}}", "unknown-key", 29),
        ("{Model: {small: {temprature: null}}}", "dead-overlay", 29),
        ("{Model: {small: {provider: null}}}", "missing-field", 29),
        ("{Model: {small: {temperature: 3.0}}}", "invalid-value", 42),
        ("{Model: {small: {fallback: [small, smal]}}}", "dead-reference", 47),
    ],
)
def test_a_problem_of_a_patch_stands_in_the_patch(repository: Repository, overlay: str, code: str, column: int) -> None:
    problem = _one(repository({"specs/a.yaml": BASE, "specs/b.yaml": _environment(overlay)}))
    assert (problem.code, str(problem.place)) == (code, f"specs/b.yaml:7:{column}")


def test_a_broken_spec_is_not_a_dead_overlay_too(repository: Repository) -> None:
    broken = BASE.replace("temperature: 0.5", "temprature: 0.5")
    overlay = "{Model: {small: {model: gpt-4o}}}"
    assert _one(repository({"specs/a.yaml": broken, "specs/b.yaml": _environment(overlay)})).code == "unknown-key"
