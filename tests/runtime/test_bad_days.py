"""Bad days: what is left of the runs, and what people are told."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import AutoReconnect, OperationFailure

from runtime.contract import Context, Function
from runtime.functions import registered
from runtime.problems import LeaseLost, StepError, StoreError
from runtime.services import tools
from runtime.services.store.collection import LARGEST
from runtime.services.store.runs import new
from runtime.worker import publishing, starting
from runtime.worker.loop import Worker
from runtime.worker.starting import Start
from tests.runtime.conftest import World, workflow

LONG = "x" * (LARGEST + 1)
MANY = 100
THOUSANDS = 10_000


class Steps:
    """Functions of these tests: one that holds, one that hangs, two that give what can't be kept."""

    def __init__(self) -> None:
        self.entered = asyncio.Event()
        self.open = asyncio.Event()
        self.passed = 0

    async def hold(self, arguments: Mapping[str, Any], context: Context) -> dict[str, Any]:
        del arguments, context
        self.entered.set()
        await self.open.wait()
        self.passed += 1
        return {}

    async def hang(self, arguments: Mapping[str, Any], context: Context) -> dict[str, Any]:
        del arguments
        await context.services.sleep(10**6)
        return {}

    async def large(self, arguments: Mapping[str, Any], context: Context) -> str:
        del arguments, context
        return LONG

    async def strange(self, arguments: Mapping[str, Any], context: Context) -> Any:
        del arguments, context
        return object()


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> Steps:
    found = Steps()
    own = {name: Function(name, "Test.", getattr(found, name)) for name in ("hold", "hang", "large", "strange")}
    monkeypatch.setattr(tools, "registered", lambda: {**registered(), **own})
    return found


async def claimed(world: World, text: str) -> Any:
    world.documents = {"main": workflow(text)}
    await starting.start(world.store, world.clock, world.documents, Start("main", {}))
    run = await world.store.runs.claim("w", world.clock.now())
    assert run
    return run


KEEP = "steps: [{id: keep, function: file-write, with: {path: a.txt, text: a}}]"


async def test_a_full_disk_of_the_store_fails_no_run(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    run = await claimed(world, KEEP)

    async def full(*args: Any, **more: Any) -> Any:
        raise OperationFailure("database or disk is full", 14031)

    with monkeypatch.context() as bad:
        bad.setattr(AsyncCollection, "insert_one", full)
        with pytest.raises(StoreError):
            await world.executor.execute(run)
    world.clock.advance(16)
    await world.scheduler().sweep()
    assert (await world.go_on(run.id)).status == "succeeded"


async def test_a_run_is_handed_back_once_the_store_is_there_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await claimed(world, KEEP)
    worker, failures = Worker(world.executor, "w"), [0]
    rows: Any = AsyncCollection
    insert, update = rows.insert_one, rows.update_one

    async def gone(self: Any, *args: Any, **more: Any) -> Any:
        failures[0] += 1
        if failures[0] <= 8:
            raise AutoReconnect("connection closed")
        real = insert if args and "_id" in args[0] and len(args) == 1 else update
        return await real(self, *args, **more)

    with monkeypatch.context() as away:
        away.setattr(AsyncCollection, "insert_one", gone)
        away.setattr(AsyncCollection, "update_one", gone)
        await worker._execute(run)  # pyright: ignore[reportPrivateUsage]
    found = await starting.found(world.store, run.id)
    assert (found.state, found.attempt, found.losses) == ("queued", 0, 0)
    assert failures[0] > 8
    assert (await world.go_on(run.id)).status == "succeeded"


async def test_a_clock_that_jumps_an_hour_takes_the_lease_and_nothing_else(world: World, given: Steps) -> None:
    run = await claimed(world, "limits: {timeout: 3h}\nsteps: [{id: a, function: hold}]")
    execution = asyncio.create_task(world.executor.execute(run))
    await given.entered.wait()
    world.clock.advance(3600)
    await world.scheduler().sweep()
    given.open.set()
    with pytest.raises(LeaseLost):
        await execution
    assert (await world.go_on(run.id)).status == "succeeded"


async def test_a_tool_that_hangs_fails_its_step_as_timeout(world: World, given: Steps) -> None:
    tool = {"t": {"name": "t", "effect": "read", "timeout": "20s", "function": "hang"}}
    found = await world.run(workflow("steps: [{id: a, tool: t}]", tools=tool))
    assert found.problem
    assert (found.problem.type, found.problem.instance) == ("timeout", "main/a")


async def test_many_queued_runs_are_each_executed_once(world: World) -> None:
    world.documents = {
        "main": workflow('output: {n: "${run.id}"}\nsteps: [{id: a, function: text-statistics, with: {text: a}}]')
    }
    ids = [await starting.start(world.store, world.clock, world.documents, Start("main", {})) for _ in range(MANY)]
    workers = [Worker(world.executor, f"w{number}") for number in range(2)]
    working = [asyncio.create_task(worker.work()) for worker in workers]
    while await world.store.runs.find({"state": {"$in": ["queued", "running"]}}, 1):  # noqa: ASYNC110  (it is in the store)
        await asyncio.sleep(0.02)
    for worker in workers:
        await worker.drain(5)
    await asyncio.gather(*working)
    runs = await world.store.runs.find({}, 0)
    assert {run.id: (run.state, run.attempt, run.output) for run in runs} == {
        id_: ("succeeded", 1, {"n": id_}) for id_ in ids
    }


async def test_ten_thousand_queued_runs_are_claimed_in_order_and_each_once(world: World) -> None:
    urgent, base = 50, world.clock.now() - THOUSANDS
    world.documents = {"main": workflow("steps: [{id: w, wait: {for: 1h}}]")}
    rows = [
        new(f"r{n:05d}", "main", "d", {}, base + n, priority=int(n >= THOUSANDS - urgent)) for n in range(THOUSANDS)
    ]
    for start in range(0, THOUSANDS, 1000):
        await world.store.collections["runs"].add_all(rows[start : start + 1000])
    assert (await world.store.runs.depth(world.clock.now()))[0] == THOUSANDS
    taken = [await world.store.runs.claim(f"w{n % 2}", world.clock.now()) for n in range(4 * urgent)]
    ids = [run.id for run in taken if run]
    expected = [*range(THOUSANDS - urgent, THOUSANDS), *range(3 * urgent)]
    assert ids == [f"r{n:05d}" for n in expected]
    assert (await world.store.runs.depth(world.clock.now()))[0] == THOUSANDS - len(ids)


async def test_an_input_that_is_too_large_is_refused(world: World) -> None:
    world.documents = {"main": workflow(KEEP)}
    with pytest.raises(StepError, match="too-large"):
        await starting.start(world.store, world.clock, world.documents, Start("main", {"text": LONG}))
    assert await world.store.runs.find() == []


async def test_a_payload_that_is_too_large_is_refused(world: World) -> None:
    channel = publishing.named({"main": workflow(KEEP, channels={"c": {"name": "c"}})}, "c")
    with pytest.raises(StepError, match="too-large"):
        await publishing.publish(
            world.store.events, world.clock, world.telemetry, channel, {"text": LONG}, key="k", source="test"
        )


async def test_an_output_that_is_too_large_fails_the_run(world: World, given: Steps) -> None:
    found = await world.run(workflow('output: {text: "${steps.a.output}"}\nsteps: [{id: a, function: large}]'))
    assert found.problem
    assert (found.status, found.problem.type) == ("failed", "too-large")


async def test_a_value_that_cannot_be_kept_fails_the_run(world: World, given: Steps) -> None:
    text = """
        state: {x: {type: any}}
        steps: [{id: a, function: strange, save: {x: "${output}"}}, {id: k, wait: {for: 1s}}]
        """
    found = await world.run(workflow(text))
    assert found.problem
    assert found.status == "failed"


async def test_two_schedulers_start_nothing_twice(world: World) -> None:
    text = "name: consumer\nsteps: [{id: w, wait: {for: 1s}}]"
    consumer = workflow(text, triggers=[{"channel": "orders"}], channels={"orders": {"name": "orders"}})
    world.documents = {"consumer": consumer}
    await world.store.events.add("e", "orders", {}, world.clock.now())
    first, second = world.scheduler(), world.scheduler()
    await asyncio.gather(first.deliver(), second.deliver())
    assert len(await world.store.runs.find()) == 1
    leases = world.store.leases
    assert await leases.take("scheduler", "a", world.clock.now(), 15_000)
    assert not await leases.take("scheduler", "b", world.clock.now(), 15_000)


async def test_a_scheduler_that_is_stopped_ends_what_it_began_and_lets_another_one_lead(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    scheduler, stop, entered, leave = world.scheduler(), asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def tick() -> None:
        entered.set()
        await leave.wait()

    monkeypatch.setattr(scheduler, "tick", tick)
    acting = asyncio.create_task(scheduler.act(stop))
    await entered.wait()
    stop.set()
    await asyncio.sleep(0)
    assert not acting.done()
    leave.set()
    await acting
    assert await world.store.leases.take("scheduler", "another", world.clock.now(), 15_000)


async def test_a_defect_does_not_end_the_scheduler(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    scheduler, stop, ticks = world.scheduler(), asyncio.Event(), 0

    async def tick() -> None:
        nonlocal ticks
        ticks += 1
        if ticks == 1:
            raise KeyError("ours")
        stop.set()

    monkeypatch.setattr(scheduler, "tick", tick)
    monkeypatch.setattr("runtime.worker.scheduler.INTERVAL", 0)
    await scheduler.act(stop)
    assert ticks == 2


async def test_a_workflow_that_is_deleted_while_it_runs_is_run_to_its_end(world: World) -> None:
    found = await world.run(workflow("steps: [{id: w, wait: {for: 10m}}, {id: s, wait: {for: 1s}}]"))
    world.documents = {}
    world.store.specs._known.clear()  # pyright: ignore[reportPrivateUsage]  (another process)
    assert (await world.later(found.id, 601)).status == "waiting"
    assert (await world.later(found.id, 2)).status == "succeeded"


async def test_a_step_that_takes_longer_than_the_lease_keeps_its_run(world: World, given: Steps) -> None:
    world.store.runs.lease = 60
    run = await claimed(world, "steps: [{id: a, function: hold}]")
    execution = asyncio.create_task(world.executor.execute(run))
    await given.entered.wait()
    for _ in range(5):
        world.clock.advance(0.04)
        while (await starting.found(world.store, run.id)).lease < world.clock.now() + 60:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        await world.scheduler().sweep()
    given.open.set()
    assert (await execution).state == "succeeded"
    assert given.passed == 1
