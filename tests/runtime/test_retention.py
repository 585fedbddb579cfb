"""What has ended long ago is forgotten, with everything that belongs to it; what has not stays."""

from typing import Any

from runtime.services.store.retention import BATCH
from runtime.services.store.runs import new
from runtime.worker.scheduler import PRUNING
from tests.runtime.conftest import World, workflow

DAY = 86_400
AGENT = {"a": {"name": "a", "role": "r", "instructions": "Do.", "model": "m"}}
DOCUMENT = workflow(
    """
steps:
  - {id: ask, agent: a}
  - {id: tell, emit: {channel: news, payload: {n: 1}}}
  - {id: nap, wait: {for: 1s}}
  - {id: keep, function: file-write, with: {path: "x.txt", text: "x"}}
""",
    agents=AGENT,
    channels={"news": {"name": "news"}},
)
KEPT = ("runs", "run_events", "checkpoints", "checkpoint_writes", "effects", "budgets", "events")


async def rows(world: World) -> dict[str, int]:
    found = {name: await world.store.collections[name].count({}) for name in KEPT}
    return {name: count for name, count in found.items() if count}


async def test_a_run_is_forgotten_with_its_events_checkpoints_writes_effects_and_budgets(world: World) -> None:
    world.script(a=["done"])
    waiting = await world.run(DOCUMENT)
    assert (await world.later(waiting.id, 1)).status == "succeeded"
    scheduler = world.scheduler()
    await scheduler.deliver()
    assert set(await rows(world)) == set(KEPT)
    world.clock.advance(30 * DAY - 60)
    await scheduler.prune()
    assert set(await rows(world)) == set(KEPT)
    world.clock.advance(120)
    await scheduler.prune()
    assert await rows(world) == {}


async def test_the_budget_of_a_day_is_forgotten_when_the_day_is_long_ago(world: World) -> None:
    document = workflow("steps: [{id: ask, agent: a}]", agents=AGENT, budget={"perDay": {"maxTokens": 1000}})
    budgets = world.store.collections["budgets"]
    for days in (0, 29, 1):
        world.clock.advance(days * DAY)
        world.script(a=["done"])
        await world.run(document)
    days_kept = [row["_id"] for row in await budgets.find_all({"_id": {"$gte": "day/", "$lt": "day0"}})]
    assert len(days_kept) == 3
    world.clock.advance(DAY)
    await world.scheduler().prune()
    left = [row["_id"] for row in await budgets.find_all({"_id": {"$gte": "day/", "$lt": "day0"}})]
    assert sorted(left) == sorted(days_kept)[1:]


async def test_runs_that_wait_or_are_queued_are_never_forgotten(world: World) -> None:
    waiting = await world.run(workflow("steps: [{id: q, approval: {message: Well}}]"))
    await world.store.runs.add(new("queued", "main", "d", {}, world.clock.now()))
    world.clock.advance(400 * DAY)
    await world.scheduler().prune()
    left = {run.id: run.state for run in await world.store.runs.find()}
    assert left == {waiting.id: "waiting", "queued": "queued"}
    assert await world.store.collections["checkpoints"].count({"thread": waiting.id}) > 0


async def test_a_run_whose_name_begins_like_another_ones_does_not_take_it_along(world: World) -> None:
    for name, ended in (("order-7", 1), ("order-70", 0)):
        await world.store.runs.add(new(name, "main", "d", {}, 1, state="succeeded", ended=ended))
        for pot in (f"run/{name}", f"run/{name}/sub", f"{name}|calls"):
            await world.store.budgets.spend(pot, 1, 1)
    await world.scheduler().prune()
    left = await world.store.collections["budgets"].find_all({}, [("_id", 1)])
    assert [row["_id"] for row in left] == ["order-70|calls", "run/order-70", "run/order-70/sub"]


async def test_a_run_that_is_called_like_a_day_takes_no_budget_of_days_along(world: World) -> None:
    await world.store.budgets.spend("day/2999-01-01/default/main", 1, 1)
    for name in ("day", "day/2999-01-01/default/main"):
        await world.store.runs.add(new(name, "main", "d", {}, 1, state="succeeded", ended=1))
    await world.scheduler().prune()
    assert (await world.store.budgets.used("day/2999-01-01/default/main"))["tokens"] == 1


async def test_dead_letters_stay_until_a_person_has_looked(world: World) -> None:
    await world.store.events.add("e", "news", {"n": 1}, world.clock.now())
    (event,) = await world.store.events.fresh()
    await world.store.events.bury(event, "refused", world.clock.now())
    world.clock.advance(31 * DAY)
    await world.scheduler().prune()
    assert await world.store.collections["events"].count({}) == 0
    assert await world.store.collections["dead_letters"].count({}) == 1


async def test_many_are_forgotten_in_batches_and_the_next_tick_goes_on(world: World) -> None:
    ended: list[Any] = [new(f"r{n}", "main", "d", {}, 1, state="succeeded", ended=1) for n in range(BATCH + 1)]
    await world.store.collections["runs"].add_all(ended)
    scheduler = world.scheduler()
    await scheduler.prune()
    assert await world.store.collections["runs"].count({}) == 1
    await scheduler.prune()
    assert await world.store.collections["runs"].count({}) == 0
    await scheduler.prune()
    await world.store.runs.add(new("late", "main", "d", {}, 1, state="succeeded", ended=1))
    await scheduler.prune()  # too soon: there was nothing a moment ago
    assert await world.store.collections["runs"].count({}) == 1
    world.clock.advance(PRUNING / 1000)
    await scheduler.prune()
    assert await world.store.collections["runs"].count({}) == 0
