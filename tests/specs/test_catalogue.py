"""What the reference system consists of, and what must not come back from the system that it replaces."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from generator import pipeline
from generator.kinds.agent import Agent
from generator.kinds.channel import Channel
from generator.kinds.model import Model
from generator.kinds.tool import Tool
from generator.kinds.workflow import Workflow
from runtime.contract import Step
from runtime.functions import registered
from runtime.nodes.agent import AgentStep
from runtime.nodes.emit import EmitStep
from runtime.nodes.tool import ToolStep
from runtime.steps import walk
from tests.specs.harness import ROOT, project

STAGES = {"van", "plan", "create", "implement", "reflect", "orchestrator"}
SPECIALISTS = {
    "erp-analyzer", "workflow-analyzer", "security-analyzer", "performance-analyzer",
    "workflow-planner", "resource-planner", "security-planner", "integration-planner",
    "workflow-executor", "resource-manager", "security-implementer", "integration-executor",
}  # fmt: skip
TOOLS = {
    "file-read", "file-write", "search", "data-analysis", "requirement-validation", "schema-validation",
    "task-planning", "resource-allocation", "timeline-generation", "code-generation", "design-tools",
    "prototype-creation", "code-implementation", "testing", "deployment", "code-review", "performance-analysis",
    "security-audit", "database-query", "erp-module-info", "process-analyzer", "test-runner",
    "documentation-generator",
}  # fmt: skip
ERP = {"erp-inventory", "erp-transactions", "erp-documents"}
WORKFLOWS = {
    "apm-cycle", "stage-van", "stage-plan", "stage-create", "stage-implement", "stage-reflect",
    "erp-article-master", "erp-stock-movement", "erp-posting", "erp-batch-trace",
}  # fmt: skip
PROMPT_LIMIT = 1200
"""Characters of a prompt: with task and answer it has to fit the 2048 tokens of the small local model."""


def all_of(kind: type[Any]) -> dict[str, Any]:
    """Return the things of a kind by name."""
    return {thing.name: thing for thing in project().all(kind)}


def steps() -> Iterator[tuple[Workflow, Step]]:
    """Yield every step of every workflow, those inside of others included."""
    for workflow in project().all(Workflow):
        for step in walk(workflow.steps):
            yield workflow, step


# --- what is there ---------------------------------------------------------------------------------------------------


def test_every_agent_of_the_system_is_there() -> None:
    assert not (STAGES | SPECIALISTS) - all_of(Agent).keys()


def test_every_tool_of_the_system_is_there() -> None:
    assert not (TOOLS | ERP) - all_of(Tool).keys()


def test_every_workflow_of_the_system_is_there() -> None:
    assert not WORKFLOWS - all_of(Workflow).keys()


def test_every_agent_works_in_some_workflow() -> None:
    used = {agent.name for workflow in project().all(Workflow) for agent in workflow.agents}
    assert all_of(Agent).keys() == used


def test_every_model_is_used() -> None:
    used = {agent.model.name for agent in project().all(Agent)}
    assert all_of(Model).keys() == used


def test_every_channel_has_a_producer_and_a_consumer() -> None:
    emitted = {step.emit.channel for _, step in steps() if isinstance(step, EmitStep)}
    consumed = {t.channel for workflow in project().all(Workflow) for t in workflow.document.triggers if t.channel}
    channels = all_of(Channel)
    assert channels.keys() == consumed
    assert {name for name, channel in channels.items() if channel.producers} | emitted == channels.keys()


def test_budgets_in_money_can_be_kept() -> None:
    """The runtime refuses every call whose price it does not know when a budget in money is to be kept."""
    found = pipeline.build_all(ROOT, ["production"]).environments["production"].project
    unpriced = [model.name for model in found.all(Model) if not (model.document.price_in and model.document.price_out)]
    assert unpriced == []


# --- effects ---------------------------------------------------------------------------------------------------------


def test_no_agent_has_a_tool_of_an_effect_that_it_is_denied() -> None:
    wrong = [
        (agent.name, tool.name)
        for agent in project().all(Agent)
        for tool in agent.tools
        if {tool.name, tool.document.effect} & set(agent.document.permissions.deny)
    ]
    assert wrong == []


def test_every_tool_of_an_agent_is_allowed_or_asked_for() -> None:
    wrong = [
        (agent.name, tool.name)
        for agent in project().all(Agent)
        for tool in agent.tools
        if not {tool.name, tool.document.effect} & {*agent.document.permissions.allow, *agent.document.permissions.ask}
    ]
    assert wrong == []


@pytest.mark.parametrize("name", ["van", "plan", "reflect", "orchestrator"])
def test_stages_that_may_change_nothing_hold_only_tools_that_read(name: str) -> None:
    agent = all_of(Agent)[name]
    assert {tool.document.effect for tool in agent.tools} == {"read"}
    assert {"write", "deploy", "notify"} <= set(agent.document.permissions.deny)


def test_nobody_rolls_out_without_asking() -> None:
    holders = {agent.name: agent for agent in project().all(Agent) for tool in agent.tools if tool.name == "deployment"}
    assert holders.keys() == {"implement"}
    assert "deploy" in holders["implement"].document.permissions.ask


def test_functions_have_the_effect_that_the_runtime_declares() -> None:
    tools = {tool.name: tool.document for tool in project().all(Tool) if tool.document.function}
    assert {"file-read", "file-write", "search", "schema-validation"} <= tools.keys()
    for name, tool in tools.items():
        assert tool.effect == registered()[tool.function or ""].effect, name


def test_functions_accept_what_their_tools_let_through() -> None:
    """A model is shown the tool's schema and the function reads by its own: the fields have to be the same."""
    for tool in project().all(Tool):
        if tool.document.function:
            function = registered()[tool.document.function]
            assert set(tool.document.input["required"]) >= set(function.input["required"]), tool.name
            assert set(tool.document.input["properties"]) <= set(function.input["properties"]), tool.name
            assert set(tool.document.output["required"]) == set(function.output["required"]), tool.name


def test_every_tool_step_that_writes_carries_an_idempotency_key_to_a_target_that_honours_it() -> None:
    tools = all_of(Tool)
    writing = [
        (workflow.name, step, tools[step.tool])
        for workflow, step in steps()
        if isinstance(step, ToolStep) and tools[step.tool].document.effect != "read"
    ]
    assert {name for name, _, _ in writing} == {name for name in WORKFLOWS if name.startswith("erp-")}
    for name, step, tool in writing:
        assert step.idempotency_key, (name, step.id)
        assert tool.document.idempotent, tool.name


def test_agents_that_write_are_not_repeated() -> None:
    """A second attempt of a task would give its tools new idempotency keys."""
    agents = all_of(Agent)
    for workflow, step in steps():
        if isinstance(step, AgentStep) and {tool.document.effect for tool in agents[step.agent].tools} - {"read"}:
            assert step.retry, (workflow.name, step.id)
            assert step.retry.max_attempts == 1, (workflow.name, step.id)


# --- texts and schemas -----------------------------------------------------------------------------------------------


def test_prompts_are_short() -> None:
    long = {
        a.name: len(a.document.instructions)
        for a in project().all(Agent)
        if len(a.document.instructions) > PROMPT_LIMIT
    }
    assert long == {}


def test_prompts_name_every_field_of_the_answer() -> None:
    missing = [
        (agent.name, field)
        for agent in project().all(Agent)
        for field in agent.document.output["properties"]
        if field not in agent.document.instructions
    ]
    assert missing == []


@pytest.mark.parametrize("path", sorted((ROOT / "specs").rglob("schemas/*.json")), ids=lambda path: path.stem)
def test_schemas_are_valid(path: Path) -> None:
    schema = json.loads(path.read_text())
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema_rs.meta.validate(schema)


def test_schemas_in_tools_are_valid() -> None:
    for tool in project().all(Tool):
        for schema in (tool.document.input, tool.document.output):
            jsonschema_rs.meta.validate(schema)


def test_answers_of_agents_are_closed_and_bounded() -> None:
    """Without a bound a small model never ends, and an open object says things that nobody reads."""
    found = [
        f"{agent.name}: {place}"
        for agent in project().all(Agent)
        for place in _unbounded(agent.document.output, "output")
    ]
    assert found == []


def _unbounded(schema: Mapping[str, Any], place: str) -> Iterator[str]:
    kind = schema.get("type")
    if "enum" in schema or kind == "boolean":
        return
    bounds = {
        "string": {"maxLength"},
        "array": {"maxItems"},
        "integer": {"minimum", "maximum"},
        "object": set[str](),
    }
    if kind not in bounds or not bounds[kind] <= schema.keys():
        yield place
    if kind == "array":
        yield from _unbounded(schema["items"], f"{place}[]")
    if kind == "object":
        parts = schema["properties"]
        if schema.get("additionalProperties") is not False or set(schema["required"]) != set(parts):
            yield f"{place} is open"
        for name, part in parts.items():
            yield from _unbounded(part, f"{place}.{name}")


def test_everything_is_described() -> None:
    things = [
        *project().all(Agent),
        *project().all(Tool),
        *project().all(Workflow),
        *project().all(Channel),
    ]
    assert [thing.name for thing in things if not thing.description] == []
    assert [f"{workflow.name}/{step.id}" for workflow, step in steps() if not step.description] == []
