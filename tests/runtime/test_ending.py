"""How runs end that nobody executes: told first, ended then, whoever dies in between."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

import pytest

from runtime.app.following import ended, follow
from runtime.services.store.run_events import EPOCH, RunEvents
from runtime.services.store.runs import LOSSES, Run
from runtime.worker import starting, threads
from runtime.worker.starting import Start
from tests.runtime.conftest import ALIVE, Killed, Killer, World, workflow

ASKS = "steps: [{id: ok, approval: {message: '?', options: [accept]}}]"
Ender = Callable[[World, str], Awaitable[object]]


async def waiting(world: World) -> str:
    """Return a run that waits for a person."""
    return (await world.run(workflow(ASKS))).id


async def lost(world: World) -> str:
    """Return a run that will be given up with the next sweep."""
    id_ = await waiting(world)
    values = {"state": "running", "epoch": 2, "lease": 1, "worker": "dead", "losses": LOSSES - 1, "reached": 99}
    await world.store.collections["runs"].change({"_id": id_}, {"$set": values})
    return id_


async def cancel(world: World, id_: str) -> None:
    await starting.cancelled(world.store, world.clock, await starting.found(world.store, id_))


async def sweep(world: World, id_: str) -> None:
    del id_
    await world.scheduler().sweep()


ENDS: Mapping[str, tuple[Callable[[World], Awaitable[str]], Ender]] = {
    "cancelled": (waiting, cancel),
    "failed": (lost, sweep),
}
each_end = pytest.mark.parametrize("state", ENDS)


class Slow:
    """Stops whoever tells that a run has ended, just before."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.go_on = asyncio.Event()


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Slow:
    found, real = Slow(), RunEvents.append

    async def append(self: RunEvents, *args: Any) -> None:
        found.reached.set()
        await found.go_on.wait()
        await real(self, *args)

    monkeypatch.setattr(RunEvents, "append", append)
    return found


async def heard(world: World, run: Run) -> list[str]:
    scope = world.store.of("default")
    return [event["kind"] async for event in follow(scope, run, 0, ended, lambda: False)]


@each_end
async def test_who_looks_while_a_run_is_ended_hears_of_its_end(world: World, slow: Slow, state: str) -> None:
    made, end = ENDS[state]
    id_ = await made(world)
    ending = asyncio.ensure_future(end(world, id_))
    await slow.reached.wait()
    following = asyncio.create_task(heard(world, await starting.found(world.store, id_)))
    slow.go_on.set()
    await ending
    assert (await following)[-1] == "run-ended"
    assert (await starting.found(world.store, id_)).state == state


@each_end
async def test_a_run_that_nobody_executes_is_counted_when_it_ends(world: World, state: str) -> None:
    made, end = ENDS[state]
    id_ = await made(world)
    world.clock.advance(2)
    await end(world, id_)
    assert world.telemetry.value("apm_runs_total", workflow="main", outcome=state) == 1
    assert world.telemetry.value("apm_run_duration_seconds_sum", workflow="main") == 2


@each_end
async def test_who_ends_a_run_may_die_at_any_call_of_the_store(world: World, killer: Killer, state: str) -> None:
    made, end = ENDS[state]
    died = 0
    for lives in range(20):
        id_ = await made(world)
        killer.left = lives
        with suppress(Killed):
            await end(world, id_)
        died, killer.left = died + (killer.left <= 0), ALIVE
        await _taken_up(world, id_, end)
        run = await starting.found(world.store, id_)
        assert (run.state, (await heard(world, run))[-1]) == (state, "run-ended"), lives
    assert died in range(4, 20)


async def _taken_up(world: World, id_: str, end: Ender) -> None:
    """Let others do what there is to do: the scheduler, a worker, and who has seen no answer."""
    for _ in range(2):
        world.clock.advance(16)
        await world.scheduler().sweep()
        await world.go_on(id_)
    await end(world, id_)


async def test_the_replaced_run_of_a_schedule_tells_that_it_is_cancelled(world: World) -> None:
    id_ = await waiting(world)
    trigger = {"cron": "0 * * * *", "timeZone": "UTC", "concurrencyPolicy": "Replace"}
    world.documents = {"main": workflow(ASKS, triggers=[trigger])}
    for _ in range(2):
        await world.scheduler().fire()
        world.clock.advance(3600)
    run = await starting.found(world.store, id_)
    assert (run.state, (await heard(world, run))[-1]) == ("cancelled", "run-ended")


async def test_what_a_person_does_never_takes_the_number_of_a_workers_event(world: World) -> None:
    id_ = await waiting(world)
    read = await starting.found(world.store, id_)
    await starting.answer(world.store, world.clock, id_, "accept", by="ada")
    claimed = await world.store.runs.claim("w", world.clock.now())
    assert claimed
    first: dict[str, Any] = {"seq": claimed.epoch * EPOCH, "kind": "run-resumed", "at": 1, "data": {}}
    await world.store.run_events.add(id_, [first])
    await world.store.run_events.append(read, "answered", 1, {"by": "late"})
    await world.store.run_events.add(id_, [{**first, "seq": first["seq"] + 1, "kind": "step-started"}])
    kinds = [event["kind"] for event in await world.store.run_events.after(id_)]
    assert kinds[-4:] == ["answered", "answered", "run-resumed", "step-started"]


async def test_who_follows_a_run_that_is_rolled_back_is_let_go(world: World) -> None:
    world.documents = {"main": workflow(ASKS)}
    await world.store.of("default").threads.add("t", {}, world.clock.now())
    asked = Start("main", {}, thread="t")
    first = await threads.begun(world.store, world.clock, world.documents, asked, "enqueue")
    following = asyncio.create_task(heard(world, first))
    await asyncio.sleep(0)
    await threads.begun(world.store, world.clock, world.documents, asked, "rollback")
    assert await world.store.runs.get(first.id) is None
    assert await following == ["run-ended"]
