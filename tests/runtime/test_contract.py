"""What both packages share: verbs, documents, expressions, metrics, and that importing them costs little."""

import subprocess
import sys
from typing import Any

import pytest
from pydantic import BaseModel

from generator.documentation.docstrings import field_docs
from runtime import expressions, load, steps
from runtime.contract import documents as documents_module
from runtime.contract import millis
from runtime.functions import registered
from runtime.problems import Failure, StepError
from runtime.telemetry import CATALOGUE, Telemetry
from runtime.telemetry import catalogue as metric
from tests.runtime.conftest import workflow

SCOPE = {"input": {"x": 3, "l": [1, "a"], "t": "<b>"}, "state": {}, "steps": {"a-b": {"output": 1}}}


def models() -> list[type[BaseModel]]:
    found: list[type[BaseModel]] = [node.step for node in steps.NODES.values()]
    inner = [field.annotation for step in found for field in step.model_fields.values()]
    return found + [part for part in inner if isinstance(part, type) and issubclass(part, BaseModel)]


@pytest.mark.parametrize("model", models(), ids=lambda model: model.__name__)
def test_every_field_of_a_verb_says_what_it_means(model: type[BaseModel]) -> None:
    assert model.__doc__
    assert [name for name in model.model_fields if name not in field_docs(model)] == []


def test_importing_what_the_generator_uses_loads_nothing_heavy() -> None:
    code = """
import sys
from runtime import contract, expressions, functions, load, problems, registry, schemas, steps, telemetry
functions.registered()
heavy = {"langgraph", "langchain_core", "pymongo", "httpx", "prometheus_client", "starlette", "jinja2",
         "cel_expr_python", "jsonschema_rs", "mcp", "xllamacpp", "asyncio.base_events"}
print(sorted(heavy & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_step_does_one_thing() -> None:
    document = workflow("steps: [{id: s, fail: {type: a, title: b}}]").model_dump(by_alias=True)
    for step in ({"id": "a"}, {"id": "a", "agent": "x", "tool": "y"}, {"id": "a", "agent": "x", "nonsense": 1}):
        with pytest.raises(Failure, match="not valid"):
            load.parse({**document, "steps": [step]}, "x")


@pytest.mark.parametrize(("text", "expected"), [("250ms", 250), ("1.5s", 1500), ("5m", 300_000), ("2d", 172_800_000)])
def test_durations(text: str, expected: int) -> None:
    assert millis(text) == expected


# --- documents -------------------------------------------------------------------------------------------------------


def test_documents_of_a_folder_are_read_by_name(tmp_path: Any) -> None:
    document = workflow("name: one\nsteps: [{id: s, fail: {type: a, title: b}}]")
    (tmp_path / "one.yaml").write_text(document.model_dump_json(by_alias=True, exclude_unset=True))
    (tmp_path / "..data").mkdir()
    assert load.read_all(tmp_path) == {"one": document}
    (tmp_path / "two.yaml").write_text((tmp_path / "one.yaml").read_text())
    with pytest.raises(Failure, match="two workflows with the name one"):
        load.read_all(tmp_path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"format: other/v9", "has the format 'other/v9'"),
        (b"- a list", "not a workflow document"),
        (b"a: [", "cannot be read"),
        (b"\xff\xfe", "cannot be read"),
        (b"format: apm.workflow/v1", "is not valid"),
        (b"x" * (load.LIMIT + 1), "too large"),
    ],
)
def test_what_is_no_document_is_refused_with_a_reason(tmp_path: Any, content: bytes, reason: str) -> None:
    (tmp_path / "w.yaml").write_bytes(content)
    with pytest.raises(Failure, match=reason):
        load.read(tmp_path / "w.yaml")


def test_the_format_is_the_one_of_the_documents() -> None:
    assert documents_module.FORMAT == "apm.workflow/v1"


# --- expressions -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("${input.x}", 3),
        ("${input.l}", [1, "a"]),
        ("n=${input.x} ${input.l}", 'n=3 [1, "a"]'),
        ("$${input.x}", "${input.x}"),
        ("${ {'a': '}'}.a }", "}"),
        ({"a": ["${input.x + 1}"], "b": 1}, {"a": [4], "b": 1}),
        ("${timestamp('2026-01-01T00:00:00Z')}", "2026-01-01T00:00:00+00:00"),
        ("${steps['a-b'].output}", 1),
    ],
)
def test_values_keep_their_type_when_they_are_one_expression(template: Any, expected: Any) -> None:
    assert expressions.value(template, SCOPE) == expected


@pytest.mark.parametrize("source", ["state.missing", "1 +", "nonsense", "1 / 0", "input.x + 'a'"])
def test_what_cannot_be_computed_is_a_typed_problem(source: str) -> None:
    with pytest.raises(StepError) as caught:
        expressions.evaluate(source, SCOPE)
    assert caught.value.problem.type == "expression"


def test_a_condition_is_a_truth_value() -> None:
    assert expressions.condition("input.x == 3", SCOPE)
    with pytest.raises(StepError, match="true or false"):
        expressions.condition("input.x", SCOPE)


def test_prompts_are_text_and_stay_in_the_sandbox() -> None:
    assert expressions.prose("{{ input.t }} {{ input.l | tojson }}", SCOPE) == '<b> [1, "a"]'
    for text in ("{{ input.nothing }}", "{{ ''.__class__.__mro__ }}", "{{ nope }}", "{{ input.l.append(1) }}", "{{"):
        with pytest.raises(StepError):
            expressions.prose(text, SCOPE)


@pytest.mark.parametrize(
    ("check", "text", "offset"),
    [
        (expressions.check, "state.a ==", 10),
        (expressions.check, "\n  nope.x", 7),
        (expressions.check, "", 0),
        (expressions.check_template, "a ${state.b} ${nope}", 15),
        (expressions.check_template, "a ${state.b", 2),
        (expressions.check_prose, "one\n{{ nope }}", 7),
        (expressions.check_prose, "one\n{% if %}", 10),
    ],
)
def test_mistakes_are_found_where_they_are(check: Any, text: str, offset: int) -> None:
    (found,) = check(text)
    assert found.offset == offset


def test_what_an_expression_reads_is_known_without_computing_it() -> None:
    source = "has(state.a.b) && steps['x-y'].output.z[input.i] > 1 && state.l.all(item, item.q == run.id)"
    found = {(reference.path, reference.tested) for reference in expressions.references(source)}
    assert found == {
        (("state", "a", "b"), True),
        (("steps", "x-y", "output", "z"), False),
        (("input", "i"), False),
        (("state", "l"), False),
        (("run", "id"), False),
    }
    (reference,) = expressions.references_in_template("n ${state.n}")
    assert (reference.path, reference.offset) == (("state", "n"), 4)
    prompt = expressions.references_in_prose("{% for f in state.l %}{{ f.x }}{% endfor %}{{ steps['a-b'].output }}")
    assert {reference.path for reference in prompt} == {("state", "l"), ("steps", "a-b", "output")}


# --- metrics ---------------------------------------------------------------------------------------------------------


def test_exactly_the_catalogue_is_exported() -> None:
    text = Telemetry().exposition().decode()
    exported = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")}
    assert exported == {one.name for one in CATALOGUE}


@pytest.mark.parametrize("one", CATALOGUE, ids=lambda one: one.name)
def test_metrics_follow_the_rules(one: metric.Metric) -> None:
    assert one.help.endswith(".")
    assert (one.type == "counter") == one.name.endswith("_total")
    assert (one.type == "histogram") == bool(one.buckets)
    assert list(one.buckets) == sorted(set(one.buckets))
    assert one.unit != "seconds" or one.name.endswith("_seconds")
    for label in one.labels:
        assert bool(label.values) != bool(label.bounded_by)
        assert not label.name.endswith("_id")


def test_closed_label_values_start_at_zero() -> None:
    telemetry = Telemetry()
    assert telemetry.value("apm_effects_total", outcome="unknown") == 0
    telemetry.start(metric.RUNS, workflow="w")
    assert telemetry.value("apm_runs_total", workflow="w", outcome="failed") == 0


def test_the_verbs_of_the_catalogue_are_those_that_there_are() -> None:
    assert set(metric.VERBS) == set(steps.NODES)


def test_functions_have_schemas_for_what_they_take_and_give() -> None:
    for function in registered().values():
        assert function.input["additionalProperties"] is False
        assert all(part.get("description") for part in function.input["properties"].values())
        assert function.output["required"]
