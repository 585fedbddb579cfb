"""Branches, items and sub-workflows."""

from typing import Any

import pytest

from tests.runtime.conftest import World, steps, workflow

DOUBLE = workflow("""
name: double
input: {type: object, properties: {n: {type: integer}}, required: [n]}
state: {result: {type: integer}}
output: {n: "${state.result}"}
steps:
  - {id: check, when: "input.n < 0", fail: {type: negative, title: Negative, detail: "{{ input.n }}"}}
  - {id: compute, set: {result: "${input.n * 2}"}}
""")


async def test_branches_run_and_their_writes_join_by_the_reducer(world: World) -> None:
    found = await world.run(
        workflow("""
        state: {log: {type: array, reducer: append, default: [start]}}
        output: {log: "${state.log}", both: "${steps.both.output}"}
        steps:
          - id: both
            parallel:
              branches:
                left: [{id: l1, set: {log: l1}}, {id: l2, set: {log: "${size(state.log)}"}}]
                right: [{id: r1, set: {log: r1}}]
        """)
    )
    # A branch sees the state around it and its own writes, not those of its neighbours.
    assert found.output == {
        "log": ["start", "l1", 2, "r1"],
        "both": {"left": {"log": 2}, "right": {"log": "r1"}},
    }
    assert sorted(steps(found)) == ["both", "both/l1", "both/l2", "both/r1"]


async def test_two_branches_cannot_write_one_plain_field(world: World) -> None:
    found = await world.run(
        workflow("""
        state: {x: {}}
        steps:
          - id: both
            parallel: {branches: {left: [{id: l, set: {x: 1}}], right: [{id: r, set: {x: 2}}]}}
        """)
    )
    assert found.problem
    assert (found.problem.type, found.problem.detail) == (
        "conflict",
        "`left` and `right` both write `x`, which has no reducer",
    )


@pytest.mark.parametrize(("join", "status"), [("all", "failed"), ("any", "succeeded"), (2, "succeeded"), (3, "failed")])
async def test_a_join_waits_for_as_many_branches_as_it_says(world: World, join: Any, status: str) -> None:
    bad = {"id": "bad", "fail": {"type": "bad", "title": "Bad"}}
    good = {"id": "good", "function": "text-statistics", "with": {"text": "x"}}
    branches = {"a": [bad], "b": [{**good, "id": "b1"}], "c": [{**good, "id": "c1"}]}
    found = await world.run(workflow("{}", steps=[{"id": "p", "parallel": {"branches": branches, "join": join}}]))
    assert found.status == status
    assert found.problem is None or (found.problem.type, found.problem.instance) == ("bad", "main/p/bad")


async def test_with_any_the_slower_branches_are_cancelled(world: World) -> None:
    found = await world.run(
        workflow("""
        output: {winner: "${steps.race.output}"}
        steps:
          - id: race
            parallel:
              join: any
              branches:
                slow: [{id: ask, approval: {message: Well}}]
                fast: [{id: now, function: text-statistics, with: {text: a b}, save: {}}]
        """)
    )
    assert found.status == "succeeded"
    assert list(found.output["winner"]) == ["fast"]


async def test_items_keep_their_order_and_see_their_own_value(world: World) -> None:
    found = await world.run(
        workflow(
            """
        state: {total: {type: integer, reducer: add}}
        output: {all: "${steps.each.output}", total: "${state.total}"}
        steps:
          - id: each
            forEach:
              in: "input.numbers"
              maxConcurrency: 2
              steps: [{id: d, workflow: double, with: {n: "${item}"}, save: {total: "${output.n}"}}]
        """,
            workflows={"double": DOUBLE.digest},
        ),
        DOUBLE,
        input={"numbers": [3, 1, 2]},
    )
    assert found.output == {"all": [{"n": 6}, {"n": 2}, {"n": 4}], "total": 12}


@pytest.mark.parametrize(("tolerated", "status"), [(0, "failed"), (1, "succeeded")])
async def test_so_many_items_may_fail(world: World, tolerated: int, status: str) -> None:
    document = workflow(
        """
        output: {all: "${steps.each.output}"}
        steps:
          - id: each
            forEach: {in: "[1, -1]", toleratedFailures: 0, steps: [{id: d, workflow: double, with: {n: "${item}"}}]}
        """.replace("toleratedFailures: 0", f"toleratedFailures: {tolerated}"),
        workflows={"double": DOUBLE.digest},
    )
    found = await world.run(document, DOUBLE)
    assert found.status == status
    if found.problem:
        assert (found.problem.type, found.problem.instance) == ("negative", "main/each/d/check")
    else:
        assert found.output == {"all": [{"n": 2}, None]}


async def test_a_sub_workflow_has_a_state_of_its_own(world: World) -> None:
    found = await world.run(
        workflow(
            """
        state: {result: {type: string, default: mine}}
        output: {result: "${state.result}", sub: "${steps.sub.output.n}"}
        steps: [{id: sub, workflow: double, with: {n: 21}}]
        """,
            workflows={"double": DOUBLE.digest},
        ),
        DOUBLE,
    )
    assert found.output == {"result": "mine", "sub": 42}
    assert steps(found) == ["(sub/check)", "sub/compute", "sub"]


@pytest.mark.parametrize(("with_", "handled"), [({"n": -1}, "negative"), ({"n": "x"}, "invalid-input")])
async def test_problems_of_a_sub_workflow_can_be_handled_by_type(world: World, with_: Any, handled: str) -> None:
    step = {"id": "sub", "workflow": "double", "with": with_, "onError": [{"match": handled, "goto": "end"}]}
    found = await world.run(workflow("{}", steps=[step], workflows={"double": DOUBLE.digest}), DOUBLE)
    assert found.status == "succeeded"


async def test_a_cycle_can_enter_a_sub_workflow_again(world: World) -> None:
    found = await world.run(
        workflow(
            """
        state: {n: {type: integer, default: 1}}
        output: {n: "${state.n}"}
        steps:
          - {id: sub, workflow: double, with: {n: "${state.n}"}, save: {n: "${output.n}"}}
          - {id: more, maxVisits: 9, switch: [{when: "state.n < 20", then: sub}], default: end}
        """,
            workflows={"double": DOUBLE.digest},
        ),
        DOUBLE,
    )
    assert found.output == {"n": 32}


async def test_approvals_inside_items_are_answered_one_by_one(world: World) -> None:
    ask = workflow("""
    name: ask
    output: {decision: "${steps.a.output.decision}"}
    steps: [{id: a, approval: {message: "Take {{ input.name }}?", options: [take, leave]}}]
    """)
    document = workflow(
        """
        output: {all: "${steps.each.output.map(one, one.decision)}"}
        steps:
          - {id: each, forEach: {in: "['x', 'y', 'z']", steps: [{id: s, workflow: ask, with: {name: "${item}"}}]}}
        """,
        workflows={"ask": ask.digest},
    )
    found = await world.run(document, ask)
    assert [one["message"] for one in found.waiting] == ["Take x?", "Take y?", "Take z?"]
    found = await world.answer(found.id, "take", to=found.waiting[1]["id"])
    assert [one["message"] for one in found.waiting] == ["Take x?", "Take z?"]
    found = await world.answer(found.id, "leave", to=found.waiting[1]["id"])
    found = await world.answer(found.id, "leave")
    assert (found.status, found.output) == ("succeeded", {"all": ["leave", "take", "leave"]})


@pytest.mark.parametrize(("share", "status"), [("30%", "succeeded"), ("29%", "failed"), ("0%", "failed")])
async def test_a_share_of_the_items_may_fail(world: World, share: str, status: str) -> None:
    found = await world.run(
        workflow(f"""
        steps:
          - id: each
            forEach:
              in: "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]"
              toleratedFailures: {share}
              steps: [{{id: bad, when: "item > 7", fail: {{type: bad, title: Bad}}}}]
        """)
    )
    assert found.status == status
