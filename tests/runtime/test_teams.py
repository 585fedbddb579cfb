"""Teams: eight strategies, one budget, the rights of the agent above."""

from typing import Any

import pytest

from runtime.contract import WorkflowDocument
from runtime.services.models.base import Request
from tests.runtime.conftest import World, workflow
from tests.runtime.test_guardrails import FREE, TOOLS, asked, write


def team(strategy: str, boss: dict[str, Any] | None = None, **below: Any) -> WorkflowDocument:
    """Return a workflow whose agent `boss` has the sub-agents `ann` and `bob`."""
    base = {"instructions": "Work.", "model": "m", "output": FREE}
    agents = {
        "boss": {**base, "name": "boss", "role": "head", "subAgents": ["ann", "bob"], "strategy": strategy,
                 "permissions": {"allow": ["read", "write"]}, **(boss or {})},
        "ann": {**base, "name": "ann", "role": "writer", **below},
        "bob": {**base, "name": "bob", "role": "reader", **below},
    }  # fmt: skip
    text = 'output: {all: "${steps.t.output}"}\nsteps: [{id: t, agent: boss, with: {what: it}}]'
    return workflow(text, agents=agents, tools=TOOLS)


TO_ANN: dict[str, Any] = {"$tools": [{"tool": "hand-over-to-ann", "with": {}}]}
TO_BOB: dict[str, Any] = {"$tools": [{"tool": "hand-over-to-bob", "with": {}}]}


def order(seen: list[Request]) -> list[str]:
    return [request.asker for request in seen]


def said(seen: list[Request], number: int) -> str:
    return str(seen[number].messages[1]["content"])


async def test_handoff_gives_the_whole_task_away(world: World) -> None:
    seen = asked(world)
    world.script(boss=[{"$tools": [{"tool": "hand-over-to-bob", "with": {"what": "read it"}}]}], bob=[{"by": "bob"}])
    assert (await world.run(team("handoff"))).output == {"all": {"by": "bob"}}
    assert order(seen) == ["boss", "bob"]
    assert "read it" in said(seen, 1)
    assert [tool["name"] for tool in seen[0].tools] == ["hand-over-to-ann", "hand-over-to-bob"]


async def test_an_agent_need_not_hand_over(world: World) -> None:
    world.script(boss=[{"by": "boss"}])
    assert (await world.run(team("handoff"))).output == {"all": {"by": "boss"}}


async def test_a_router_only_chooses(world: World) -> None:
    seen = asked(world)
    world.script(boss=[{"agent": "carl"}, {"agent": "ann"}], ann=[{"by": "ann"}])
    assert (await world.run(team("router"))).output == {"all": {"by": "ann"}}
    assert order(seen) == ["boss", "boss", "ann"]  # who is not in the team is asked for again


async def test_a_sequence_sees_what_was_said_before(world: World) -> None:
    seen = asked(world)
    world.script(ann=[{"n": 1}], bob=[{"n": 2}], boss=[{"sum": 3}])
    assert (await world.run(team("sequential"))).output == {"all": {"sum": 3}}
    assert order(seen) == ["ann", "bob", "boss"]
    assert '"team": {"ann": {"n": 1}}' in said(seen, 1)
    assert '"bob": {"n": 2}' in said(seen, 2)


async def test_parallel_agents_do_not_see_each_other(world: World) -> None:
    seen = asked(world)
    world.script(ann=[{"n": 1}], bob=[{"n": 2}], boss=[{"sum": 3}])
    assert (await world.run(team("parallel"))).output == {"all": {"sum": 3}}
    assert "team" not in said(seen, 0) + said(seen, 1)
    assert '"team": {"ann": {"n": 1}, "bob": {"n": 2}}' in said(seen, 2)


async def test_parallel_agents_ask_people_one_after_the_other(world: World) -> None:
    world.script(ann=[write("a"), {"n": 1}], bob=[write("b"), {"n": 2}], boss=[{"sum": 3}])
    document = team("parallel", tools=["note"], permissions={"ask": ["write"]})
    found = await world.run(document)
    assert found.waiting[0]["message"] == "Agent ann wants to call note"
    found = await world.answer(found.id, "allow")
    assert found.waiting[0]["message"] == "Agent bob wants to call note"
    found = await world.answer(found.id, "deny")
    assert found.output == {"all": {"sum": 3}}
    kept = await world.store.artefacts.get("c", "n")
    assert kept
    assert kept["text"] == "a"
    assert world.telemetry.value("apm_effects_total", outcome="done") == 1


async def test_a_swarm_hands_over_until_somebody_answers(world: World) -> None:
    seen = asked(world)
    world.script(ann=[TO_BOB, {"by": "ann"}], bob=[TO_ANN])
    assert (await world.run(team("swarm"))).output == {"all": {"by": "ann"}}
    assert order(seen) == ["ann", "bob", "ann"]


async def test_a_swarm_ends_at_its_bound(world: World) -> None:
    seen = asked(world)
    world.script(ann=[TO_BOB, {"by": "ann"}], bob=[TO_ANN, {"by": "bob"}])
    assert (await world.run(team("swarm", {"maxRounds": 1}))).output == {"all": {"by": "bob"}}
    assert order(seen) == ["ann", "bob", "bob"]  # the last one is offered nobody, and its call is refused
    assert seen[1].tools == ()


@pytest.mark.parametrize(("until", "asked_for"), [(None, "ann bob ann bob boss"), ("output.n >= 2", "ann bob boss")])
async def test_a_round_robin_ends_with_its_rounds_or_its_condition(
    world: World, until: str | None, asked_for: str
) -> None:
    seen = asked(world)
    world.script(ann=[{"n": 1}], bob=[{"n": 2}], boss=[{"sum": 3}])
    assert (await world.run(team("round_robin", {"maxRounds": 2, "until": until}))).output == {"all": {"sum": 3}}
    assert order(seen) == asked_for.split()
    assert '{"agent": "ann", "answer": {"n": 1}}' in said(seen, 1)


async def test_a_plan_is_made_and_executed_in_order(world: World) -> None:
    seen = asked(world)
    plan = {"tasks": [{"agent": "bob", "task": "read"}, {"agent": "ann", "task": "write"}]}
    world.script(boss=[plan, {"done": True}], bob=[{"n": 2}], ann=[{"n": 1}])
    assert (await world.run(team("plan_execute"))).output == {"all": {"done": True}}
    assert order(seen) == ["boss", "bob", "ann", "boss"]
    assert '"task": "write"' in said(seen, 2)
    assert '"answer": {"n": 2}' in said(seen, 2)


async def test_a_plan_has_no_more_tasks_than_it_may(world: World) -> None:
    plan = {"tasks": [{"agent": "ann", "task": "write"}] * 3}
    world.script(boss=[plan])
    found = await world.run(team("plan_execute", {"maxRounds": 2}))
    assert found.problem
    assert found.problem.type == "invalid-output"


async def test_a_person_says_who_is_next(world: World) -> None:
    seen = asked(world)
    world.script(ann=[{"n": 1}], bob=[{"n": 2}], boss=[{"sum": 3}])
    found = await world.run(team("manual"))
    for choice in ("bob", "ann", "done"):
        assert found.waiting[0]["options"] == ["ann", "bob", "done"]
        found = await world.answer(found.id, choice)
    assert found.output == {"all": {"sum": 3}}
    assert order(seen) == ["bob", "ann", "boss"]  # nobody was asked twice, however often the step was executed


async def test_a_sub_agent_may_do_nothing_that_the_agent_above_may_not(world: World) -> None:
    world.script(ann=[write("a"), {"n": 1}], bob=[{"n": 2}], boss=[{"sum": 3}])
    rights = {"allow": ["read", "write"]}
    document = team("sequential", {"permissions": {"allow": ["read"]}}, tools=["note"], permissions=rights)
    assert (await world.run(document)).status == "succeeded"
    assert await world.store.artefacts.get("c", "n") is None
    assert world.telemetry.value("apm_tool_calls_total", target="note", outcome="denied") == 1


async def test_a_sub_agent_asks_where_the_agent_above_has_to(world: World) -> None:
    world.script(ann=[write("a"), {"n": 1}], bob=[{"n": 2}], boss=[{"sum": 3}])
    rights = {"allow": ["read", "write"]}
    document = team("sequential", {"permissions": {"ask": ["write"]}}, tools=["note"], permissions=rights)
    assert (await world.run(document)).waiting[0]["message"] == "Agent ann wants to call note"


async def test_a_team_spends_from_the_budget_of_its_agent(world: World) -> None:
    world.script(ann=[{"n": 1}], bob=[{"n": 2}], boss=[{"sum": 3}])
    found = await world.run(team("sequential", {"budget": {"maxTokens": 20}}))
    assert found.problem
    assert found.problem.type == "budget-exceeded"
    assert found.tokens_in > 0


async def test_the_answer_of_a_team_is_held_to_the_schema_of_its_agent(world: World) -> None:
    world.script(boss=[{"agent": "ann"}], ann=[{"n": "many"}])
    found = await world.run(team("router", {"output": {"type": "object", "required": ["sum"]}}))
    assert found.problem
    assert (found.problem.type, "sum" in found.problem.detail) == ("invalid-output", True)
