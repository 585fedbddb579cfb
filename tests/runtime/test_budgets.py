"""Budgets: what a call may use is set aside, calls wait for each other, and a day has a pot of its own."""

import asyncio
import datetime as dt
from typing import Any

import pytest

from runtime.contract import pot_of
from runtime.problems import LeaseLost
from runtime.services.models import Reply
from tests.runtime.conftest import World, workflow

ONE = "steps: [{id: one, llm: {model: m, prompt: Hello}}]"


class Counting:
    """A model that counts how many calls are made at a time; each uses a hundred tokens."""

    def __init__(self) -> None:
        self.calls = self.now = self.most = 0
        self.together: asyncio.Barrier | None = None
        """Calls that wait for each other."""

    async def complete(self, request: Any, *, protected: bool) -> Reply:
        del request, protected
        self.calls, self.now = self.calls + 1, self.now + 1
        self.most = max(self.most, self.now)
        await (self.together.wait() if self.together else asyncio.sleep(0))
        self.now -= 1
        return Reply("done", tokens_in=50, tokens_out=50)


@pytest.fixture
def model(world: World, monkeypatch: pytest.MonkeyPatch) -> Counting:
    found = Counting()
    monkeypatch.setattr(world.executor.services.models, "complete", found.complete)
    return found


def parallel(count: int, **more: Any) -> Any:
    steps = [{"id": "ask", "llm": {"model": "m", "prompt": "Hello"}}]
    each = {"in": str(list(range(count))), "steps": steps, "toleratedFailures": count}
    return workflow("{}", steps=[{"id": "each", "forEach": each}], **more)


async def test_calls_at_the_same_time_do_not_use_more_than_is_there(world: World, model: Counting) -> None:
    found = await world.run(parallel(8, budget={"maxTokens": 300}))
    assert found.status == "succeeded"
    assert (model.calls, model.most) == (3, 1), "each may use 1024 tokens, so they are made one after the other"
    used = await world.store.budgets.used(pot_of(found.id))
    assert (used["tokens"], used["held_tokens"], used["held_cost"]) == (300, 0, 0)


async def test_calls_that_fit_are_made_at_the_same_time(world: World, model: Counting) -> None:
    model.together = asyncio.Barrier(4)
    async with asyncio.timeout(30):
        await world.run(parallel(4, budget={"maxTokens": 100_000}))
    assert (model.calls, model.most) == (4, 4)


async def test_what_a_dead_process_has_set_aside_is_given_back(world: World, model: Counting) -> None:
    document = workflow(ONE, budget={"maxTokens": 100, "perDay": {"maxTokens": 100}})
    day = f"day/{today(world)}/default/main"
    await world.store.budgets.hold(day, "gone", 1000, 0, world.clock.now() + 60_000)
    found = await world.run(document)
    assert (found.status, model.calls) == ("succeeded", 1)
    assert sum(world.clock.slept) > 59


def today(world: World) -> str:
    return dt.datetime.fromtimestamp(world.clock.now() / 1000, dt.UTC).date().isoformat()


async def test_the_runs_of_a_day_share_a_budget(world: World, model: Counting) -> None:
    document = workflow(ONE, budget={"perDay": {"maxTokens": 150}})
    kinds = [(await world.run(document)).problem for _ in range(3)]
    assert [kind and kind.type for kind in kinds] == [None, None, "budget-exceeded"]
    world.clock.advance(86_400)
    assert (await world.run(document)).status == "succeeded"
    assert model.calls == 3


async def test_sub_workflows_and_branches_spend_from_the_pot_of_the_run(world: World, model: Counting) -> None:
    below = workflow(ONE, name="below")
    steps = [{"id": "own", "llm": {"model": "m", "prompt": "Hello"}}, {"id": "sub", "workflow": "below"},
             {"id": "again", "workflow": "below"}]  # fmt: skip
    found = await world.run(
        workflow("{}", steps=steps, workflows={"below": below.digest}, budget={"maxTokens": 200}), below
    )
    assert found.problem
    assert (found.problem.type, found.problem.instance, model.calls) == ("budget-exceeded", "main/again/one", 2)


async def test_a_call_that_is_cut_off_gives_back_what_it_had_set_aside(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lost(request: Any, *, protected: bool) -> Reply:
        raise LeaseLost("x")

    monkeypatch.setattr(world.executor.services.models, "complete", lost)
    with pytest.raises(LeaseLost):
        await world.run(workflow(ONE, budget={"maxTokens": 100}))
    [run] = await world.store.runs.find()
    assert (await world.store.budgets.used(pot_of(run.id)))["held_tokens"] == 0
