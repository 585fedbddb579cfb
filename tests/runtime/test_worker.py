"""The worker: slots, heartbeats, cancelling, draining."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import AutoReconnect

from runtime.contract import Context, Function
from runtime.functions import registered
from runtime.problems import LeaseLost, StoreError
from runtime.services import tools
from runtime.services.store.run_events import EPOCH
from runtime.worker import starting
from runtime.worker.events import TOGETHER
from runtime.worker.loop import Worker
from runtime.worker.starting import Start
from tests.runtime.conftest import World, cancelled, workflow

TWO = """
output: {done: "${steps.second.outcome}"}
steps:
  - {id: first, function: gate, with: {name: first}}
  - {id: second, function: gate, with: {name: second}}
"""


class Gate:
    """A function that holds a step until the test lets it go on."""

    def __init__(self) -> None:
        self.entered: asyncio.Queue[str] = asyncio.Queue()
        self.open = asyncio.Event()
        self.passed: list[str] = []

    async def run(self, arguments: Mapping[str, Any], context: Context) -> dict[str, Any]:
        del context
        await self.entered.put(arguments["name"])
        await self.open.wait()
        self.passed.append(arguments["name"])
        return {}


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    found = Gate()
    functions = {**registered(), "gate": Function("gate", "Wait.", found.run)}
    monkeypatch.setattr(tools, "registered", lambda: functions)
    return found


async def queued(world: World, count: int = 1) -> list[str]:
    world.documents = {"main": workflow(TWO)}
    return [await starting.start(world.store, world.clock, world.documents, Start("main", {})) for _ in range(count)]


async def state(world: World, id_: str) -> tuple[str, int]:
    run = await starting.found(world.store, id_)
    return run.state, run.attempt


async def test_no_more_runs_are_claimed_than_there_are_slots(world: World, gate: Gate) -> None:
    world.executor.settings = replace(world.executor.settings, slots=2)
    ids = await queued(world, 3)
    worker = Worker(world.executor, "w")
    working = asyncio.create_task(worker.work())
    for _ in range(2):
        await gate.entered.get()
    worker.nudge()
    assert sorted([(await state(world, id_))[0] for id_ in ids]) == ["queued", "running", "running"]
    gate.open.set()
    while {(await state(world, id_))[0] for id_ in ids} != {"succeeded"}:  # noqa: ASYNC110  (it is in the store)
        await asyncio.sleep(0.01)
    await worker.drain(5)
    await working


async def test_draining_hands_a_run_back_after_its_step(world: World, gate: Gate) -> None:
    (id_,) = await queued(world)
    worker = Worker(world.executor, "w")
    working = asyncio.create_task(worker.work())
    await gate.entered.get()
    draining = asyncio.create_task(worker.drain(5))
    await asyncio.sleep(0)
    gate.open.set()
    await asyncio.gather(draining, working)
    assert await state(world, id_) == ("queued", 0)
    assert gate.passed == ["first"]
    assert (await world.go_on(id_)).output == {"done": "succeeded"}
    assert gate.passed == ["first", "second"]


async def test_a_step_that_outlasts_the_grace_is_done_again_by_the_next_worker(world: World, gate: Gate) -> None:
    (id_,) = await queued(world)
    worker = Worker(world.executor, "w")
    working = asyncio.create_task(worker.work())
    await gate.entered.get()
    await worker.drain(0.05)
    await working
    assert await state(world, id_) == ("queued", 0)
    gate.open.set()
    assert (await world.go_on(id_)).status == "succeeded"
    assert gate.passed == ["first", "second"]


async def test_a_running_run_is_cancelled_with_the_next_heartbeat(world: World, gate: Gate) -> None:
    world.store.runs.lease = 60
    (id_,) = await queued(world)
    run = await world.store.runs.claim("w", world.clock.now())
    assert run
    execution = asyncio.create_task(world.executor.execute(run))
    await gate.entered.get()
    assert await cancelled(world, id_) == "running"
    assert (await execution).state == "cancelled"
    assert await state(world, id_) == ("cancelled", 1)
    assert gate.passed == []


async def test_a_worker_that_has_lost_its_lease_stops_and_writes_nothing(world: World, gate: Gate) -> None:
    world.store.runs.lease = 60
    (id_,) = await queued(world)
    run = await world.store.runs.claim("stalled", world.clock.now())
    assert run
    execution = asyncio.create_task(world.executor.execute(run))
    await gate.entered.get()
    world.clock.advance(60)
    await world.scheduler().sweep()
    with pytest.raises(LeaseLost):
        await execution
    gate.open.set()
    assert (await world.go_on(id_)).output == {"done": "succeeded"}
    assert gate.passed == ["first", "second"]
    assert world.telemetry.value("apm_runs_swept_total") == 1


async def test_branches_stop_at_the_end_of_their_steps_too(world: World, gate: Gate) -> None:
    step = {"id": "a", "function": "gate", "with": {"name": "a"}}
    more = {"id": "b", "function": "gate", "with": {"name": "b"}}
    branches = {"left": [step, more], "right": [{**step, "id": "c", "with": {"name": "c"}}]}
    document = workflow('output: {all: "${steps.p.output}"}', steps=[{"id": "p", "parallel": {"branches": branches}}])
    world.documents = {"main": document}
    id_ = await starting.start(world.store, world.clock, world.documents, Start("main", {}))
    run = await world.store.runs.claim("w", world.clock.now())
    assert run
    execution = asyncio.create_task(world.executor.execute(run))
    for _ in range(2):
        await gate.entered.get()
    world.executor.drain(id_)
    gate.open.set()
    assert (await execution).state == "drained"
    assert sorted(gate.passed) == ["a", "c"]
    await world.store.runs.put_back(run, world.clock.now())
    assert (await world.go_on(id_)).output == {"all": {"left": {}, "right": {}}}
    assert sorted(gate.passed) == ["a", "b", "c"]


async def test_events_that_were_still_to_be_written_are_dropped_with_the_lease(world: World, gate: Gate) -> None:
    """They gather for a moment before they are written; by then the run may be somebody else's."""
    world.store.runs.lease = 60
    (id_,) = await queued(world)
    run = await world.store.runs.claim("stalled", world.clock.now())
    assert run
    execution = asyncio.create_task(world.executor.execute(run))
    await gate.entered.get()
    world.clock.advance(60)
    await world.scheduler().sweep()
    before = await world.store.run_events.after(id_)
    with pytest.raises(LeaseLost):
        await execution
    await asyncio.sleep(2 * TOGETHER)
    assert await world.store.run_events.after(id_) == before


async def test_events_that_come_late_count_for_nobody(world: World, gate: Gate) -> None:
    """A process can be stopped between its last look at the lease and the system call that sends what it writes."""
    (id_,) = await queued(world)
    lost = await world.store.runs.claim("paused", world.clock.now())
    assert lost
    event: Any = {"kind": "noted", "at": 1, "data": {}}
    await world.store.run_events.add(id_, [{"seq": EPOCH + 1, **event}])
    world.clock.advance(16)
    await world.scheduler().sweep()
    # Without a fence, as if that had been asked just before.
    await world.store.run_events.add(id_, [{"seq": EPOCH + 2, **event}])
    assert [row["seq"] for row in await world.store.run_events.after(id_)] == [EPOCH + 1]
    gate.open.set()
    await world.go_on(id_)
    seen = await world.store.run_events.after(id_)
    await world.store.run_events.add(id_, [{"seq": EPOCH + 3, **event}])
    assert [row["seq"] for row in seen][:2] == [EPOCH + 1, 2 * EPOCH]
    assert await world.store.run_events.after(id_) == seen
    assert await world.store.run_events.after(id_, EPOCH + 1) == seen[1:]


async def test_what_was_cancelled_after_a_loss_ends_with_its_end(world: World) -> None:
    (id_,) = await queued(world)
    assert await world.store.runs.claim("paused", world.clock.now())
    world.clock.advance(16)
    await world.scheduler().sweep()
    assert await starting.cancelled(world.store, world.clock, await starting.found(world.store, id_)) == "cancelled"
    late: Any = {"seq": EPOCH + 1, "kind": "noted", "at": 1, "data": {}}
    await world.store.run_events.add(id_, [late])
    assert [row["kind"] for row in await world.store.run_events.after(id_)] == ["run-ended"]


async def test_a_store_that_goes_away_in_the_middle_of_a_step_fails_no_run(
    world: World, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.documents = {"main": workflow("steps: [{id: keep, function: file-write, with: {path: a.txt, text: a}}]")}
    id_ = await starting.start(world.store, world.clock, world.documents, Start("main", {}))
    run = await world.store.runs.claim("w", world.clock.now())
    assert run

    async def gone(*args: Any, **more: Any) -> Any:
        raise AutoReconnect("connection closed")

    with monkeypatch.context() as away:
        away.setattr(AsyncCollection, "insert_one", gone)
        with pytest.raises(StoreError):
            await world.executor.execute(run)
    assert await state(world, id_) == ("running", 1)
    world.clock.advance(16)
    await world.scheduler().sweep()
    assert (await world.go_on(id_)).status == "succeeded"


async def test_no_more_runs_of_a_workflow_are_executed_than_it_may_have(world: World, gate: Gate) -> None:
    limited = workflow(TWO, limits={"maxConcurrentRuns": 2})
    world.documents = {"main": limited, "other": workflow(TWO, name="other")}
    for name in ("main",) * 5 + ("other",):
        await starting.start(world.store, world.clock, world.documents, Start(name, {}))
    workers = [Worker(world.executor, name) for name in ("one", "two")]
    tasks = [asyncio.create_task(worker.work()) for worker in workers]
    # Two workers that claim at once may both step back, and look again a while later.
    while gate.entered.qsize() < 3:
        world.clock.advance(0.1)
        await asyncio.sleep(0.01)
    for _ in range(20):
        world.clock.advance(0.1)
        await asyncio.sleep(0.01)
    assert gate.entered.qsize() == 3
    assert await world.store.runs.find({"state": "running", "workflow": "other"})
    gate.open.set()
    while await world.store.runs.find({"state": {"$ne": "succeeded"}}):
        world.clock.advance(1)
        await asyncio.sleep(0.01)
    for worker in workers:
        await worker.drain(1)
    await asyncio.gather(*tasks)


async def test_a_worker_that_wins_back_what_it_has_lost_ends_its_older_execution(world: World, gate: Gate) -> None:
    """Silent for longer than its lease, it finds its own run in the queue before it has noticed."""
    (id_,) = await queued(world)
    worker = Worker(world.executor, "w")
    working = asyncio.create_task(worker.work())
    await gate.entered.get()
    world.clock.advance(16)
    await world.scheduler().sweep()
    worker.nudge()
    await gate.entered.get()
    gate.open.set()
    while (await state(world, id_))[0] != "succeeded":  # noqa: ASYNC110  (it is in the store)
        await asyncio.sleep(0.01)
    await worker.drain(5)
    await working
    assert gate.passed == ["first", "second"]


async def test_a_run_that_is_cancelled_while_it_goes_to_wait_does_not_wait(world: World, gate: Gate) -> None:
    world.documents = {"main": workflow("steps: [{id: a, function: gate, with: {name: a}}, {id: w, wait: {for: 1h}}]")}
    id_ = await starting.start(world.store, world.clock, world.documents, Start("main", {}))
    run = await world.store.runs.claim("w", world.clock.now())
    assert run
    execution = asyncio.create_task(world.executor.execute(run))
    await gate.entered.get()
    await cancelled(world, id_)
    gate.open.set()
    assert (await execution).state == "cancelled"
    assert await state(world, id_) == ("cancelled", 1)


async def test_a_cancelled_run_whose_worker_dies_is_not_executed_again(world: World, gate: Gate) -> None:
    (id_,) = await queued(world)
    await world.store.runs.claim("dies", world.clock.now())
    await cancelled(world, id_)
    world.clock.advance(16)
    await world.scheduler().sweep()
    assert (await world.go_on(id_)).status == "cancelled"
    assert gate.entered.empty()
