"""Runs over which workers die: bounded, kept for a person, and no harm to the others."""

from collections.abc import Mapping
from typing import Any

import pytest

from runtime.contract import Context, Function
from runtime.functions import registered
from runtime.problems import StepError
from runtime.services import tools
from runtime.services.store.fences import Fence
from runtime.services.store.run_events import EPOCH
from runtime.services.store.runs import LOSSES, SUSPECT, Run
from runtime.worker import starting, threads
from runtime.worker.loop import Worker
from runtime.worker.starting import Start
from tests.runtime.conftest import World, workflow

POISON = """
steps:
  - {id: keep, function: file-write, with: {path: a.txt, text: a}}
  - {id: bad, function: deadly}
"""


class Killed(BaseException):
    """The process is dead."""


class Deadly:
    """A function that kills its worker while it is switched on."""

    def __init__(self) -> None:
        self.on = True

    async def run(self, arguments: Mapping[str, Any], context: Context) -> dict[str, Any]:
        del arguments, context
        if self.on:
            raise Killed
        return {}


@pytest.fixture
def deadly(monkeypatch: pytest.MonkeyPatch) -> Deadly:
    found = Deadly()
    functions = {**registered(), "deadly": Function("deadly", "Die.", found.run)}
    monkeypatch.setattr(tools, "registered", lambda: functions)
    return found


async def taken_up(world: World, id_: str) -> Run:
    """Let a worker take up a run and die over it, and the lease run out."""
    if claimed := await world.store.runs.claim("w", world.clock.now(), id_):
        with pytest.raises(Killed):
            await world.executor.execute(claimed)
    world.clock.advance(16)
    await world.scheduler().sweep()
    return await starting.found(world.store, id_)


async def poisoned(world: World) -> str:
    world.documents = {"main": workflow(POISON)}
    id_ = await starting.start(world.store, world.clock, world.documents, Start("main", {}))
    for _ in range(LOSSES):
        await taken_up(world, id_)
    return id_


async def revived(world: World, id_: str) -> Run:
    return await starting.revived(world.store, world.clock, id_, by="ada")


async def test_a_run_over_which_workers_die_is_given_up(world: World, deadly: Deadly) -> None:
    world.documents = {"main": workflow(POISON)}
    id_ = await starting.start(world.store, world.clock, world.documents, Start("main", {}))
    states = [(await taken_up(world, id_)).state for _ in range(LOSSES)]
    assert states == ["queued"] * (LOSSES - 1) + ["failed"]
    run = await starting.found(world.store, id_)
    assert run.problem
    assert run.problem["type"] == "workers-lost"
    assert [run.id for run in await world.store.runs.given_up()] == [id_]
    assert world.telemetry.value("apm_runs_given_up_total", workflow="main") == 1


async def test_who_follows_a_run_that_is_given_up_hears_of_its_end(world: World, deadly: Deadly) -> None:
    id_ = await poisoned(world)
    events = await world.store.run_events.after(id_)
    run = await starting.found(world.store, id_)
    assert [row["kind"] for row in events].count("run-ended") == 1
    assert (events[-1]["kind"], events[-1]["data"]) == (
        "run-ended",
        {"workflow": "main", "state": "failed", "problem": run.problem},
    )


async def test_a_thread_goes_on_after_a_run_that_is_given_up(world: World, deadly: Deadly) -> None:
    world.documents = {"main": workflow(POISON)}
    await world.store.of("default").threads.add("t", {}, world.clock.now())
    asked = Start("main", {}, thread="t")
    first = await threads.begun(world.store, world.clock, world.documents, asked, "enqueue")
    second = await threads.begun(world.store, world.clock, world.documents, asked, "enqueue")
    for _ in range(LOSSES):
        await taken_up(world, first.id)
    assert (await threads.found(world.store, "t")).active == second.id
    deadly.on = False
    assert (await world.go_on(second.id)).status == "succeeded"


async def test_the_thread_of_a_run_that_is_given_up_shows_the_error(world: World, deadly: Deadly) -> None:
    world.documents = {"main": workflow(POISON)}
    await world.store.of("default").threads.add("t", {}, world.clock.now())
    asked = Start("main", {}, thread="t")
    run = await threads.begun(world.store, world.clock, world.documents, asked, "enqueue")
    for _ in range(LOSSES):
        await taken_up(world, run.id)
    thread = await threads.found(world.store, "t")
    assert (thread.status, thread.active) == ("error", "")


async def test_a_process_that_still_holds_what_it_has_lost_tells_of_its_end(world: World, deadly: Deadly) -> None:
    world.documents = {"main": workflow(POISON)}
    id_ = await starting.start(world.store, world.clock, world.documents, Start("main", {}))
    for _ in range(LOSSES - 1):
        await taken_up(world, id_)
    claimed = await world.store.runs.claim("w", world.clock.now(), id_)
    assert claimed
    world.store.fences.put(Fence(world.store.collections["runs"], id_, claimed.epoch))
    world.clock.advance(16)
    await world.scheduler().sweep()
    assert (await world.store.run_events.after(id_))[-1]["kind"] == "run-ended"


async def test_what_a_dead_worker_sends_after_its_run_was_given_up_does_not_count(world: World, deadly: Deadly) -> None:
    id_ = await poisoned(world)
    before = await world.store.run_events.after(id_)
    run = await starting.found(world.store, id_)
    late: dict[str, Any] = {"seq": run.lost * EPOCH + 500, "kind": "step-ended", "at": 1, "data": {}}
    await world.store.run_events.add(id_, [late])
    assert await world.store.run_events.after(id_) == before


async def test_losses_count_only_while_a_run_does_not_get_on(world: World) -> None:
    world.documents = {"main": workflow(POISON)}
    id_ = await starting.start(world.store, world.clock, world.documents, Start("main", {}))
    for number in range(6):
        claimed = await world.store.runs.claim("w", world.clock.now(), id_)
        assert claimed
        await world.store.collections["checkpoints"].add({"_id": f"{id_}|{number}", "thread": id_})
        world.clock.advance(16)
        await world.scheduler().sweep()
        assert (await starting.found(world.store, id_)).losses == 1


async def test_what_was_given_up_goes_on_from_its_last_checkpoint(world: World, deadly: Deadly) -> None:
    id_ = await poisoned(world)
    deadly.on = False
    world.clock.advance(90 * 60)  # longer than its timeout: time among the dead letters does not count
    await revived(world, id_)
    assert await world.store.runs.given_up() == []
    found = await world.go_on(id_)
    assert (found.status, [step.path for step in found.path]) == ("succeeded", ["main/keep", "main/bad"])


async def test_who_is_taken_up_again_has_all_its_attempts(world: World, deadly: Deadly) -> None:
    id_ = await poisoned(world)
    await revived(world, id_)
    assert [(await taken_up(world, id_)).state for _ in range(LOSSES)] == ["queued"] * (LOSSES - 1) + ["failed"]


async def test_only_what_was_given_up_is_taken_up_again(world: World, deadly: Deadly) -> None:
    id_ = await poisoned(world)
    await revived(world, id_)
    deadly.on = False
    await world.go_on(id_)
    with pytest.raises(StepError, match="was not given up"):
        await revived(world, id_)
    kinds = [(row["kind"], row["data"].get("by")) for row in await world.store.run_events.after(id_)]
    assert kinds.index(("revived", "ada")) > kinds.index(("step-ended", None))
    assert kinds[-1][0] == "run-ended"
    await world.store.collections["runs"].change(
        {"_id": id_}, {"$set": {"state": "failed", "buried": 1, "thread": "t"}}
    )
    with pytest.raises(StepError, match="start another one on t"):
        await revived(world, id_)


async def test_a_worker_takes_one_suspect_at_a_time(world: World) -> None:
    worker = Worker(world.executor, "w")
    world.documents = {"main": workflow("steps: [{id: w, wait: {for: 1s}}]")}
    ids = [await starting.start(world.store, world.clock, world.documents, Start("main", {})) for _ in range(3)]
    for at, id_ in enumerate(ids):  # no order is promised to those of the same millisecond
        losses = SUSPECT if at < 2 else 0
        await world.store.collections["runs"].change({"_id": id_}, {"$set": {"losses": losses, "created": at}})
    claimed = [await worker._claim() for _ in range(3)]  # pyright: ignore[reportPrivateUsage]
    assert [run and run.id for run in claimed] == [ids[0], ids[2], None]
    await worker.drain(5)


async def test_a_defect_outside_of_the_steps_leaves_the_worker_alive(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*args: Any, **more: Any) -> Any:
        raise KeyError("state")

    monkeypatch.setattr(world.store.runs, "claim", broken)
    assert await Worker(world.executor, "w")._claim() is None  # pyright: ignore[reportPrivateUsage]
