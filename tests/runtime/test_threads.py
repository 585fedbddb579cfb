"""Threads: state that outlasts a run, one run at a time, and what a second run does meanwhile."""

from typing import Any

import pytest

from runtime.problems import StepError
from runtime.services.store.runs import Run
from runtime.worker import starting, threads
from runtime.worker.starting import Start
from tests.runtime.conftest import World, workflow

COUNT = """
input: {type: object, properties: {add: {type: string}}}
state: {items: {type: array, reducer: append}, last: {type: string}}
output: {items: "${state.items}"}
steps:
  - {id: note, set: {items: "${input.add}", last: "${input.add}"}}
  - {id: q, when: 'input.add == "ask"', ask: {question: "Well?"}, save: {items: "${output}"}}
"""


@pytest.fixture
async def thread(world: World) -> str:
    world.documents = {"main": workflow(COUNT)}
    await world.store.of("default").threads.add("t", {}, world.clock.now())
    return "t"


async def begun(world: World, add: str, strategy: threads.Strategy = "enqueue", **options: Any) -> Run:
    asked = Start("main", {"add": add}, thread="t", options=options)
    return await threads.begun(world.store, world.clock, world.documents, asked, strategy)


async def state(world: World, name: str = "items") -> Any:
    return (await threads.found(world.store, "t")).state[name]


async def test_a_run_goes_on_from_the_state_that_the_one_before_has_left(world: World, thread: str) -> None:
    for add in ("a", "b"):
        await world.go_on((await begun(world, add)).id)
    found = await threads.found(world.store, thread)
    assert (found.state, found.output) == ({"items": ["a", "b"], "last": "b"}, {"items": ["a", "b"]})
    assert (found.status, found.active) == ("idle", "")


@pytest.mark.usefixtures("thread")
async def test_a_second_run_waits_for_the_first(world: World) -> None:
    first, second = await begun(world, "a"), await begun(world, "b")
    assert (await starting.found(world.store, second.id)).queue == "held"
    await world.go_on(first.id)
    assert (await starting.found(world.store, second.id)).queue == "default"
    await world.go_on(second.id)
    assert await state(world) == ["a", "b"]


@pytest.mark.usefixtures("thread")
async def test_a_second_run_can_be_refused(world: World) -> None:
    first = await begun(world, "a")
    with pytest.raises(StepError, match="The thread is busy"):
        await begun(world, "b", "reject")
    assert [run.id for run in await world.store.runs.of_thread("t")] == [first.id]


@pytest.mark.usefixtures("thread")
async def test_a_second_run_can_take_the_place_of_the_first(world: World) -> None:
    first, second = await begun(world, "a"), await begun(world, "b", "interrupt")
    assert (await starting.found(world.store, first.id)).state == "cancelled"
    await world.go_on(second.id)
    assert await state(world) == ["b"]


@pytest.mark.usefixtures("thread")
async def test_a_first_run_can_be_rolled_back(world: World) -> None:
    first = await begun(world, "a")
    claimed = await world.store.runs.claim("w", world.clock.now(), first.id)
    assert claimed
    second = await begun(world, "b", "rollback")
    assert (await starting.found(world.store, second.id)).queue == "held"
    await world.store.threads.keep("t", first.id, "interrupted", 1, {"items": ["half"]})
    await world.store.runs.end(claimed, "cancelled", 1)
    await world.scheduler().advance()
    assert await world.store.runs.get(first.id) is None
    await world.go_on(second.id)
    assert await state(world) == ["b"]


@pytest.mark.usefixtures("thread")
async def test_a_run_that_waits_for_a_person_gives_way_to_a_new_one(world: World) -> None:
    first = await begun(world, "ask")
    await world.go_on(first.id)
    assert (await threads.found(world.store, "t")).status == "interrupted"
    second = await begun(world, "b", "reject")
    kinds = [event["kind"] for event in await world.store.run_events.after(first.id)]
    assert kinds[-1] == "run-ended"
    await world.go_on(second.id)
    assert await state(world) == ["ask", "b"]


@pytest.mark.usefixtures("thread")
async def test_so_does_one_that_begins_to_wait_while_others_are_held(world: World) -> None:
    first, second = await begun(world, "ask"), await begun(world, "b")
    await world.go_on(first.id)
    await world.scheduler().advance()
    assert (await starting.found(world.store, first.id)).state == "cancelled"
    await world.go_on(second.id)
    assert await state(world) == ["ask", "b"]


@pytest.mark.usefixtures("thread")
async def test_state_that_is_set_while_a_run_waits_is_in_force_when_it_goes_on(world: World) -> None:
    run = await begun(world, "ask")
    await world.go_on(run.id)
    last = await world.executor.states.last(run.id)
    assert last
    patch = {"run": run.id, "at": last.checkpoint["id"], "values": {"items": ["mine"], "last": "x"}}
    await world.store.threads.patched("t", patch, 1)
    await world.answer(run.id, "well")
    assert (await state(world), await state(world, "last")) == (["mine", "well"], "x")


@pytest.mark.usefixtures("thread")
async def test_a_run_can_be_stopped_before_a_step_and_goes_on(world: World) -> None:
    run = await begun(world, "a", before=["q"])
    assert (await world.go_on(run.id)).status == "interrupted"
    assert await state(world) == ["a"]
    await world.store.runs.requeue(run.id, world.clock.now())
    assert (await world.go_on(run.id)).status == "succeeded"


@pytest.mark.usefixtures("thread")
async def test_events_of_a_thread_tell_its_state(world: World) -> None:
    run = await begun(world, "a")
    await world.go_on(run.id)
    events = await world.store.run_events.after(run.id)
    assert events[0]["data"]["state"] == {"items": [], "last": None}
    ended = [event["data"]["writes"] for event in events if event["kind"] == "step-ended"]
    assert ended == [[["items", "a"], ["last", "a"]], []]


@pytest.mark.usefixtures("thread")
async def test_tenants_see_only_what_is_theirs(world: World) -> None:
    run = await begun(world, "a")
    await world.go_on(run.id)
    own, other = world.store.of("default"), world.store.of("other")
    assert await own.runs.get(run.id)
    assert await own.threads.get("t")
    assert await own.run_events.after(run.id)
    assert await other.runs.get(run.id) is None
    assert await other.runs.find() == []
    assert await other.threads.get("t") is None
    assert await other.run_events.after(run.id) == []
    await other.erase(run)
    assert await own.runs.get(run.id)
    assert await other.runs.cancel(run.id, 1) == "missing"
