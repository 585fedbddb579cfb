# pyright: reportPrivateUsage=false
"""The checkpointer: LangGraph's own conformance suite, and what goes beyond it."""

import asyncio
import operator
from typing import Annotated, Any, TypedDict

import pytest
from langgraph.checkpoint.base import empty_checkpoint
from langgraph.checkpoint.conformance import checkpointer_test, validate
from langgraph.checkpoint.serde.types import INTERRUPT, RESUME
from langgraph.graph import END, START, StateGraph

from runtime.problems import LeaseLost
from runtime.services.checkpointer import LARGE, PART, MongoSaver
from runtime.services.store.fences import Fence
from runtime.services.store.runs import new
from tests.runtime.conftest import World

CONFIG: Any = {"configurable": {"thread_id": "t", "checkpoint_ns": ""}}
META: Any = {"source": "loop", "step": 1, "parents": {}}


async def test_the_public_conformance_suite_passes_whole(world: World) -> None:
    @checkpointer_test(name="MongoSaver")
    async def saver() -> Any:
        yield MongoSaver(world.store.collections)

    report = await validate(saver)
    failures = {name: found.failures for name, found in report.results.items() if found.failures}
    assert failures == {}
    assert len(report.results) == 8


@pytest.mark.parametrize("size", [LARGE - 100, LARGE + 1, 2 * PART + 5])
async def test_values_of_any_size_come_back(world: World, size: int) -> None:
    saver = MongoSaver(world.store.collections)
    checkpoint = empty_checkpoint()
    checkpoint["channel_values"] = {"small": {"a": [1]}, "large": "x" * size}
    place = await saver.aput(CONFIG, checkpoint, META, {})
    await saver.aput_writes(place, [("large", "y" * size)], "task")
    found = await saver.aget_tuple(place)
    assert found
    assert found.checkpoint["channel_values"] == checkpoint["channel_values"]
    assert found.pending_writes == [("task", "large", "y" * size)]


async def test_the_same_large_value_is_kept_once(world: World) -> None:
    saver = MongoSaver(world.store.collections)
    for _ in range(3):
        checkpoint = empty_checkpoint()
        checkpoint["channel_values"] = {"large": "x" * (LARGE + 1)}
        await saver.aput(CONFIG, checkpoint, META, {})
    assert await world.store.collections["checkpoint_blobs"].count({}) == 1


async def test_who_has_lost_the_run_writes_no_checkpoint(world: World) -> None:
    saver = MongoSaver(world.store.collections, world.store.fences)
    await world.store.runs.add(new("t", "w", "d", {}, 0))
    run = await world.store.runs.claim("a", 1)
    assert run
    world.store.fences.put(Fence(world.store.collections["runs"], "t", run.epoch))
    await saver.aput(CONFIG, empty_checkpoint(), META, {})
    await world.store.runs.put_back(run, 1)
    await world.store.runs.claim("b", 2)
    with pytest.raises(LeaseLost):
        await saver.aput(CONFIG, empty_checkpoint(), META, {})
    assert await world.store.collections["checkpoints"].count({"thread": "t"}) == 1


async def test_what_a_lost_claim_has_asked_counts_no_more_once_the_next_one_has_asked(world: World) -> None:
    await world.store.runs.add(new("t", "w", "d", {}, 0))
    place, writes = None, world.store.collections["checkpoint_writes"]
    late = list[Any]()
    for claim in ("first", "second"):
        saver = MongoSaver(world.store.collections, world.store.fences)
        run = await world.store.runs.claim("a", 1)
        assert run
        world.store.fences.put(Fence(world.store.collections["runs"], "t", run.epoch))
        place = place or await saver.aput(CONFIG, empty_checkpoint(), META, {})
        await saver.aput_writes(place, [(INTERRUPT, claim), (RESUME, claim)], "task")
        late = late or await writes.find_all({})
        await world.store.runs.put_back(run, 1)
    for row in late:  # what the first claim sends late: it takes its own away, and writes it again
        await writes.remove({"_id": row["_id"]})
        await writes.add(row)
    found = await MongoSaver(world.store.collections).aget_tuple(place)
    assert found
    assert found.pending_writes == [("task", RESUME, "second"), ("task", INTERRUPT, "second")]


async def test_graphs_at_the_same_time_stand_on_one_checkpoint_of_their_inputs(world: World) -> None:
    """They are stored once, and before what stands on them, however slow the store is."""
    rows = world.store.collections["checkpoints"]

    class Slow(MongoSaver):
        async def _write(self, key: str, row: Any) -> None:
            await asyncio.sleep(0.02 if row["ns"] in above else 0)
            await super()._write(key, row)

    saver, above, stood = Slow(world.store.collections, world.store.fences), ("", "sub:1"), list[int]()
    await world.store.runs.add(new("t", "w", "d", {}, 0))
    run = await world.store.runs.claim("a", 1)
    assert run
    world.store.fences.put(Fence(world.store.collections["runs"], "t", run.epoch))

    async def put(ns: str, source: str) -> None:
        config: Any = {"configurable": {"thread_id": "t", "checkpoint_ns": ns}}
        meta: Any = META | {"source": source}
        await saver.aput(config, empty_checkpoint(), meta, {})

    async def nested(ns: str) -> None:
        await put(ns, "loop")
        stood.append(await rows.count({"ns": {"$in": list(above)}}))

    for ns in above:
        await put(ns, "input")
    await asyncio.gather(*(nested(f"sub:1|each:{number}") for number in range(8)))
    assert stood == [2] * 8
    assert await rows.count({"thread": "t"}) == 10


class Log(TypedDict):
    """State of the graph below."""

    log: Annotated[list[str], operator.add]


async def test_a_finished_step_is_not_run_again_after_a_crash(world: World) -> None:
    """langgraph#8039: the writes of a task may still be under way when the next checkpoint is put."""
    executed: list[str] = []

    class Slow(MongoSaver):
        puts = 0

        async def _keep_writes(self, place: Any, writes: Any, task: str, path: str) -> None:
            await asyncio.sleep(0.02)
            if Slow.puts < 4:  # nothing is written by a process that has died
                await super()._keep_writes(place, writes, task, path)

        async def _write(self, key: str, row: Any) -> None:
            Slow.puts += 1
            if Slow.puts == 4:
                raise ConnectionError("the process dies here")
            await super()._write(key, row)

    def graph(saver: MongoSaver) -> Any:
        building: Any = StateGraph(Log)
        for before, name in ((START, "a"), ("a", "b"), ("b", "c")):

            async def node(state: Log, name: str = name) -> dict[str, list[str]]:
                executed.append(name)
                return {"log": [name]}

            building.add_node(name, node)
            building.add_edge(before, name)
        building.add_edge("c", END)
        return building.compile(checkpointer=saver)

    config: Any = {"configurable": {"thread_id": "race"}}
    with pytest.raises(ConnectionError):
        await graph(Slow(world.store.collections)).ainvoke({"log": []}, config, durability="sync")
    found = await graph(MongoSaver(world.store.collections)).ainvoke(None, config, durability="sync")
    assert found["log"] == ["a", "b", "c"]
    assert executed == ["a", "b", "c"]
