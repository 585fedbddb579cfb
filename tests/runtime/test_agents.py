"""Agents: answers, tools, permissions, gates, budgets, models."""

from typing import Any

import pytest

from runtime.contract import AgentDocument, ToolDocument
from runtime.services.agents.permissions import permission
from tests.runtime.conftest import World, workflow

ANSWER = {
    "type": "object",
    "properties": {"score": {"type": "number"}},
    "required": ["score"],
    "additionalProperties": False,
}
TOOLS = {
    "note": {"name": "note", "effect": "write", "function": "artefact-put"},
    "find": {"name": "find", "effect": "read", "function": "search"},
    "ship": {"name": "ship", "effect": "deploy", "function": "file-write", "idempotent": True},
}


def agent(**more: Any) -> dict[str, Any]:
    base = {"name": "ada", "role": "analyst", "instructions": "Judge {{ input.what }}.", "model": "m", "output": ANSWER}
    return {"ada": {**base, **more}}


def task(**more: Any) -> Any:
    text = 'output: {score: "${steps.t.output.score}"}\nsteps: [{id: t, agent: ada, with: {what: it}}]'
    return workflow(text, **{"agents": agent(), "tools": TOOLS, **more})


async def test_an_answer_holds_its_schema(world: World) -> None:
    world.script(ada=[{"score": 0.5}])
    found = await world.run(task())
    assert (found.status, found.output) == ("succeeded", {"score": 0.5})
    assert found.tokens_in > 0


async def test_an_answer_that_cannot_be_used_is_asked_for_again(world: World) -> None:
    world.script(ada=["not json", {"points": 1}, '```json\n{"score": 1}\n```'])
    assert (await world.run(task())).output == {"score": 1}


async def test_an_agent_that_never_answers_properly_fails_the_step(world: World) -> None:
    world.script(ada=[{"points": 1}])
    found = await world.run(task())
    assert found.problem
    assert (found.problem.type, found.problem.instance) == ("invalid-output", "main/t")
    assert "score" in found.problem.detail


async def test_a_gate_stops_an_answer_that_is_not_good_enough(world: World) -> None:
    world.script(ada=[{"score": 0.5}])
    found = await world.run(task(agents=agent(gates={"good": "output.score >= 0.8"})))
    assert found.problem
    assert (found.problem.type, found.problem.detail) == ("gate-failed", "good: output.score >= 0.8")
    assert world.telemetry.value("apm_gates_failed_total", workflow="main", step="t") == 1


async def test_an_agent_uses_tools_and_sees_their_results(world: World) -> None:
    await world.store.artefacts.put("plans", "alpha", "a plan for the harvest", world.clock.now())
    seen: list[Any] = []
    world.script(
        ada=[{"$tools": [{"tool": "find", "with": {"collection": "plans", "query": "harvest"}}]}, {"score": 1}]
    )
    complete = world.executor.services.models.complete

    async def watched(request: Any, *, protected: bool) -> Any:
        seen.append(request)
        return await complete(request, protected=protected)

    world.executor.services.models.complete = watched  # pyright: ignore[reportAttributeAccessIssue]
    assert (await world.run(task(agents=agent(tools=["find", "note"])))).status == "succeeded"
    assert [tool["name"] for tool in seen[0].tools] == ["find"]  # what it may not use is not even offered
    assert "a plan for the harvest" in seen[1].messages[-1]["content"]
    assert world.telemetry.value("apm_tool_calls_total", target="find", outcome="succeeded") == 1


async def test_a_tool_without_permission_is_refused_and_the_agent_goes_on(world: World) -> None:
    write = {"tool": "note", "with": {"collection": "c", "name": "n", "text": "t"}}
    world.script(ada=[{"$tools": [write, {"tool": "invented"}]}, {"score": 1}])
    assert (await world.run(task(agents=agent(tools=["note"])))).status == "succeeded"
    assert await world.store.artefacts.get("c", "n") is None
    assert world.telemetry.value("apm_tool_calls_total", target="note", outcome="denied") == 1
    assert world.telemetry.value("apm_tool_calls_total", target="unknown", outcome="denied") == 1


@pytest.mark.parametrize(("decision", "written"), [("allow", True), ("deny", False)])
async def test_a_person_is_asked_before_a_tool_that_needs_it(world: World, decision: str, written: bool) -> None:
    write = {"tool": "note", "with": {"collection": "c", "name": "n", "text": "t"}}
    world.script(ada=[{"$tools": [write]}, {"score": 1}])
    found = await world.run(task(agents=agent(tools=["note"], permissions={"allow": [], "ask": ["write"]})))
    assert found.waiting[0]["payload"] == write["with"]
    found = await world.answer(found.id, decision)
    assert (found.status, await world.store.artefacts.get("c", "n") is not None) == ("succeeded", written)
    # The model's first answer is remembered: the script was not consumed again.
    assert found.output == {"score": 1}


@pytest.mark.parametrize(
    ("rights", "expected"),
    [
        ({"allow": ["deploy"]}, "allow"),
        ({"allow": ["ship"]}, "allow"),
        ({"allow": ["ship"], "ask": ["deploy"]}, "ask"),
        ({"allow": ["ship"], "ask": ["ship"], "deny": ["deploy"]}, "deny"),
        ({}, "deny"),
    ],
)
def test_deny_wins_over_ask_and_ask_over_allow(rights: dict[str, Any], expected: str) -> None:
    found = AgentDocument.model_validate(agent(permissions=rights)["ada"])
    assert permission([found], ToolDocument.model_validate(TOOLS["ship"]), {}) == expected


async def test_the_same_write_is_done_once_however_often_the_step_is_executed(world: World) -> None:
    document = workflow(
        """
        steps:
          - id: put
            tool: note
            with: {collection: c, name: n, text: t}
            retry: {maxAttempts: 2, initialInterval: 1s, retryOn: [invalid-output]}
        """,
        tools={"note": {**TOOLS["note"], "output": {"type": "string"}}},
    )
    found = await world.run(document)
    assert found.problem
    assert found.problem.type == "invalid-output"  # the first attempt wrote, and said something unexpected
    assert world.telemetry.value("apm_effects_total", outcome="done") == 1
    assert world.telemetry.value("apm_effects_total", outcome="repeated") == 1


async def test_a_used_up_budget_stops_the_next_call(world: World) -> None:
    world.script(ada=[{"score": 1}])
    text = "steps: [{id: one, agent: ada, with: {what: it}}, {id: two, agent: ada, with: {what: it}}]"
    found = await world.run(workflow(text, agents=agent(), budget={"maxTokens": 10}))
    assert found.problem
    assert (found.problem.type, found.problem.instance) == ("budget-exceeded", "main/two")
    assert world.telemetry.value("apm_budget_exceeded_total", workflow="main") == 1


async def test_a_person_may_raise_a_budget(world: World) -> None:
    world.script(ada=[{"score": 1}])
    text = "steps: [{id: one, agent: ada, with: {what: it}}, {id: two, agent: ada, with: {what: it}}]"
    found = await world.run(workflow(text, agents=agent(), budget={"maxTokens": 150, "onExceeded": "approve"}))
    if found.status == "waiting":
        assert "budget" in found.waiting[0]["message"]
        found = await world.answer(found.id, "allow")
    assert found.status == "succeeded"


async def test_a_price_that_nobody_knows_keeps_no_budget(world: World) -> None:
    models = {"m": {"name": "m", "provider": "openai-compatible", "endpoint": "http://127.0.0.1:9"}}
    found = await world.run(task(models=models, budget={"maxCost": "1 EUR"}))
    assert found.problem
    assert (found.problem.type, "price" in found.problem.detail) == ("budget-exceeded", True)


async def test_a_model_that_does_not_answer_is_replaced_by_its_fallback(world: World) -> None:
    models = {
        "m": {"name": "m", "provider": "openai-compatible", "endpoint": "http://127.0.0.1:9/v1", "fallback": ["other"]},
        "other": {"name": "other", "provider": "scripted"},
    }
    world.script(ada=[{"score": 1}])
    assert (await world.run(task(models=models))).output == {"score": 1}
    labels = {"gen_ai_request_model": "m", "outcome": "failed"}
    assert world.telemetry.value("gen_ai_client_operation_duration_seconds_count", **labels) == 1


async def test_scripted_replies_are_refused_where_it_is_protected(world: World) -> None:
    world.script(ada=[{"score": 1}])
    found = await world.run(task(protected=True))
    assert found.problem
    assert (found.problem.type, "protected" in found.problem.title) == ("rejected", True)


async def test_a_provider_that_is_not_installed_is_named(world: World) -> None:
    found = await world.run(task(models={"m": {"name": "m", "provider": "anthropic", "model": "x"}}))
    assert found.problem
    assert (found.problem.type, "langchain" in found.problem.detail) == ("rejected", True)
