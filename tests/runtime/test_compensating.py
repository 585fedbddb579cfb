"""What a run has done is undone when it does not end well; failures are handled by steps of their own."""

from typing import Any

import pytest

from runtime.problems import LeaseLost
from runtime.services.store import Store
from tests.runtime.conftest import World, cancelled, steps, workflow

TOOLS: dict[str, Any] = {
    name: {"name": name, "effect": "write", "function": "artefact-put", "idempotent": True}
    for name in ("book", "cancel")
}


def booked(id_: str, **more: Any) -> dict[str, Any]:
    """Return a step that books, and cancels when it is undone."""
    undo = {"id": f"un{id_}", "tool": "cancel", "with": put("cancelled", f"${{steps.{id_}.output.name}}")}
    return {"id": id_, "tool": "book", "with": put("booked", id_), "compensate": [undo], **more}


def put(collection: str, name: str) -> dict[str, Any]:
    return {"collection": collection, "name": name, "text": "${error == null ? 'well' : error.type}"}


FAIL = {"id": "stop", "fail": {"type": "no-stock", "title": "No stock"}}


async def kept(store: Store, collection: str) -> dict[str, str]:
    """Return the artefacts of a collection, oldest first."""
    rows = await store.artefacts.newest(collection)
    return {row["name"]: row["text"] for row in reversed(rows)}


async def test_completed_steps_are_undone_in_reverse_when_the_run_fails(world: World) -> None:
    skipped = booked("c", when="false")
    document = workflow("{}", tools=TOOLS, steps=[booked("a"), booked("b"), skipped, FAIL])
    found = await world.run(document)
    assert (found.status, found.problem and found.problem.type) == ("failed", "no-stock")
    assert [(one.path, one.problem) for one in found.compensated] == [("main/b", None), ("main/a", None)]
    assert steps(found) == ["a", "b", "(c)", "stop", "b/unb", "a/una"]
    assert await kept(world.store, "cancelled") == {"b": "no-stock", "a": "no-stock"}


async def test_a_run_that_ends_well_undoes_nothing(world: World) -> None:
    found = await world.run(workflow("{}", tools=TOOLS, steps=[booked("a")]))
    assert (found.status, found.compensated) == ("succeeded", ())


async def test_a_compensation_that_fails_is_marked_and_the_others_go_on(world: World) -> None:
    bad = booked("b", compensate=[{"id": "no", "fail": {"type": "gone", "title": "Gone"}}])
    found = await world.run(workflow("{}", tools=TOOLS, steps=[booked("a"), bad, FAIL]))
    assert [(one.path, one.problem and one.problem.type) for one in found.compensated] == [
        ("main/b", "gone"),
        ("main/a", None),
    ]
    [row] = await world.store.collections["compensations"].find_all({"state": "failed"})
    assert row["step"] == "b"
    assert world.telemetry.value("apm_compensations_total", workflow="main", step="b", outcome="failed") == 1


async def test_a_cancelled_run_that_waits_is_undone_by_a_worker(world: World) -> None:
    pause = {"id": "ok", "approval": {"message": "?"}}
    found = await world.run(workflow("{}", tools=TOOLS, steps=[booked("a"), pause]))
    assert await cancelled(world, found.id) == "queued"
    found = await world.go_on(found.id)
    assert (found.status, [one.path for one in found.compensated]) == ("cancelled", ["main/a"])
    assert await kept(world.store, "cancelled") == {"a": "cancelled"}


async def test_a_run_that_has_nothing_to_undo_is_cancelled_at_once(world: World) -> None:
    pause = {"id": "ok", "approval": {"message": "?"}}
    found = await world.run(workflow("{}", tools=TOOLS, steps=[pause, booked("a")]))
    assert await cancelled(world, found.id) == "cancelled"


async def test_a_run_that_times_out_is_undone(world: World) -> None:
    pause = {"id": "ok", "approval": {"message": "?"}}
    found = await world.run(workflow("limits: {timeout: 1h}", tools=TOOLS, steps=[booked("a"), pause]))
    found = await world.later(found.id, 3601)
    assert (found.status, await kept(world.store, "cancelled")) == ("timeout", {"a": "timeout"})


async def test_branches_items_and_sub_workflows_are_undone_too(world: World) -> None:
    below = workflow("name: below", tools=TOOLS, steps=[booked("s")])
    each = {"in": "[1, 2]", "maxConcurrency": 1, "steps": [booked("i")]}
    branches = {"left": [booked("l")], "right": [{"id": "r", "set": {"x": 1}}]}
    document = workflow(
        "state: {x: {}}",
        tools=TOOLS,
        workflows={"below": below.digest},
        steps=[{"id": "sub", "workflow": "below"}, {"id": "both", "parallel": {"branches": branches}},
               {"id": "each", "forEach": each}, FAIL],
    )  # fmt: skip
    found = await world.run(document, below)
    assert [one.path for one in found.compensated] == [
        "main/each/i", "main/each/i", "main/both/l", "main/sub/s",
    ]  # fmt: skip


async def test_a_branch_that_lost_a_race_is_undone_at_once(world: World) -> None:
    slow = [booked("l"), {"id": "bad", "fail": {"type": "late", "title": "Late"}}]
    waits = [booked("r"), {"id": "w", "wait": {"for": "1h"}}]
    later = [{"id": f"n{number}", "set": {"x": number}} for number in range(60)]
    branches = {"left": slow, "right": waits, "winner": [*later, booked("q")]}
    race = {"id": "race", "parallel": {"branches": branches, "join": "any"}}
    found = await world.run(workflow("state: {x: {}}", tools=TOOLS, steps=[race]))
    assert found.status == "succeeded"
    assert await kept(world.store, "cancelled") == {"l": "late", "r": "cancelled"}


async def test_what_a_handled_step_had_done_inside_is_undone_before_the_run_goes_on(world: World) -> None:
    below = workflow("name: below", tools=TOOLS, steps=[booked("s"), FAIL])
    handled = {"id": "sub", "workflow": "below", "onError": [{"goto": "end"}]}
    document = workflow("{}", tools=TOOLS, workflows={"below": below.digest}, steps=[booked("a"), handled])
    found = await world.run(document, below)
    assert (found.status, [one.path for one in found.compensated]) == ("succeeded", ["main/sub/s"])


async def test_a_compensation_that_a_crash_cut_off_is_done_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    tools: Any = world.executor.services._tools  # pyright: ignore[reportPrivateUsage]
    dispatch, calls = tools._dispatch, list[str]()

    async def crashing(tool: Any, arguments: Any, context: Any) -> Any:
        calls.append(context.step)
        result = await dispatch(tool, arguments, context)
        if calls.count("una") == 1 and context.step == "una":
            raise LeaseLost(context.key)
        return result

    monkeypatch.setattr(tools, "_dispatch", crashing)
    documents = [workflow("{}", tools=TOOLS, steps=[booked("a"), booked("b"), FAIL])]
    with pytest.raises(LeaseLost):
        await world.run(*documents)
    [run] = await world.store.runs.find()
    world.clock.advance(3600)
    await world.scheduler().sweep()
    found = await world.go_on(run.id)
    assert (found.status, found.problem and found.problem.type) == ("failed", "no-stock")
    assert calls == ["a", "b", "unb", "una", "una"]
    assert [one.path for one in found.compensated] == ["main/b", "main/a"]


# --- handlers ----------------------------------------------------------------------------------------------------


async def test_the_steps_of_a_handler_see_the_problem_and_the_run_goes_on_behind_the_step(world: World) -> None:
    found = await world.run(
        workflow("""
        state: {why: {type: string}, seen: {type: array, reducer: append}}
        output: {why: "${state.why}", seen: "${state.seen}"}
        steps:
          - id: risky
            fail: {type: no-stock, title: No stock, detail: none left}
            onError:
              - {match: timeout, do: [{id: never, set: {seen: never}}]}
              - match: no-stock
                do:
                  - {id: note, set: {why: "${error.type + ' at ' + error.instance}"}}
                  - {id: more, set: {seen: "${state.why}"}}
          - {id: after, set: {seen: after}}
        """)
    )
    assert (found.status, found.output) == (
        "succeeded",
        {"why": "no-stock at main/risky", "seen": ["no-stock at main/risky", "after"]},
    )
    assert steps(found) == ["risky", "risky/note", "risky/more", "after"]


async def test_a_handler_with_neither_steps_nor_target_lets_the_run_go_on(world: World) -> None:
    found = await world.run(
        workflow("""
        state: {x: {}}
        steps:
          - {id: risky, fail: {type: odd, title: Odd}, onError: [{match: odd}]}
          - {id: after, set: {x: 1}}
        """)
    )
    assert (found.status, steps(found)) == ("succeeded", ["risky", "after"])


async def test_a_handler_goes_on_where_it_says_after_its_steps(world: World) -> None:
    found = await world.run(
        workflow("""
        state: {x: {}}
        steps:
          - {id: risky, fail: {type: odd, title: Odd}, onError: [{do: [{id: note, set: {x: 1}}], goto: last}]}
          - {id: after, set: {x: 2}}
          - {id: last, set: {x: 3}}
        """)
    )
    assert steps(found) == ["risky", "risky/note", "last"]


async def test_a_handler_that_fails_fails_the_run_with_its_own_problem(world: World) -> None:
    found = await world.run(
        workflow("""
        steps:
          - id: risky
            fail: {type: odd, title: Odd}
            onError: [{do: [{id: worse, fail: {type: worse, title: Worse}}]}]
        """)
    )
    assert found.problem
    assert (found.problem.type, found.problem.instance) == ("worse", "main/risky/worse")


async def test_a_handler_that_waits_does_not_repeat_the_failed_step(world: World) -> None:
    found = await world.run(
        workflow("""
        state: {said: {type: string}}
        output: {said: "${state.said}"}
        steps:
          - id: risky
            function: file-read
            with: {path: nothing-here.txt}
            onError:
              - do:
                  - id: ask
                    approval: {message: "{{ error.title }}", options: [skip, stop]}
                    save: {said: "${output.decision}"}
        """)
    )
    assert found.status == "waiting"
    found = await world.answer(found.id, "skip")
    assert (found.output, steps(found)) == ({"said": "skip"}, ["risky", "risky/ask"])
