"""How runs go through a workflow: order, branches, cycles, conditions, errors, state."""

import re
from dataclasses import replace
from typing import Any

import pytest

from runtime.contract import Context, Function
from runtime.functions import registered
from runtime.problems import Failure
from runtime.services import tools
from tests.runtime.conftest import World, steps, workflow

REVISE = """
state: {verdict: {type: string}, drafts: {type: array, reducer: append}}
output: {verdict: "${state.verdict}", drafts: "${state.drafts}"}
agents:
  writer: {name: writer, role: writer, instructions: Write., model: m}
  judge:
    name: judge
    role: judge
    instructions: Judge.
    model: m
    output: {type: object, properties: {verdict: {type: string}}, required: [verdict]}
steps:
  - {id: write, agent: writer, save: {drafts: "${output}"}}
  - {id: judge, agent: judge, save: {verdict: "${output.verdict}"}}
  - id: decide
    maxVisits: 2
    onExhausted: give-up
    switch:
      - {when: "state.verdict == 'complete'", then: end}
      - {when: "state.verdict == 'revise'", then: write}
    default: give-up
  - {id: give-up, set: {verdict: gave-up}}
"""


async def test_steps_follow_each_other_and_see_what_was_written(world: World) -> None:
    found = await world.run(
        workflow("""
        state:
          n: {type: integer, default: 2}
          log: {type: array, reducer: append}
          seen: {type: object, reducer: merge}
        output: {n: "${state.n}", log: "${state.log}", seen: "${state.seen}", text: "n is ${state.n}, ${input.who}"}
        steps:
          - {id: one, set: {n: "${state.n * 3}", log: "${[state.n]}", seen: {a: 1}}}
          - {id: two, set: {log: "${state.n}", seen: {b: "${steps.one.output.n}"}}}
        """),
        input={"who": "ada"},
    )
    assert found.status == "succeeded"
    assert steps(found) == ["one", "two"]
    assert found.output == {"n": 6, "log": [2, 6], "seen": {"a": 1, "b": 6}, "text": "n is 6, ada"}


@pytest.mark.parametrize(("complexity", "path"), [(1, ["route", "build"]), (2, ["route", "plan", "build"])])
async def test_a_switch_takes_the_first_case_that_holds(world: World, complexity: int, path: list[str]) -> None:
    found = await world.run(
        workflow(
            """
        steps:
          - {id: route, switch: [{when: "input.complexity == 1", then: build}], default: plan}
          - {id: plan, set: {}, when: "true", next: build}
          - {id: build, fail: {type: built, title: Built}, onError: [{match: built, goto: end}]}
        """.replace("set: {}", "function: text-statistics, with: {text: plan}")
        ),
        input={"complexity": complexity},
    )
    assert (found.status, steps(found)) == ("succeeded", path)


async def test_a_revise_cycle_ends_when_the_verdict_is_complete(world: World) -> None:
    world.script(writer=["first", "second"], judge=[{"verdict": "revise"}, {"verdict": "complete"}])
    found = await world.run(workflow(REVISE))
    assert steps(found) == ["write", "judge", "decide", "write", "judge", "decide"]
    assert found.output == {"verdict": "complete", "drafts": ["first", "second"]}


async def test_a_cycle_stops_at_its_bound(world: World) -> None:
    world.script(writer=["draft"], judge=[{"verdict": "revise"}])
    found = await world.run(workflow(REVISE))
    assert [step.outcome for step in found.path if step.path == "main/decide"] == [
        "succeeded",
        "succeeded",
        "exhausted",
    ]
    assert found.output == {"verdict": "gave-up", "drafts": ["draft", "draft", "draft"]}


async def test_a_decision_that_nobody_declared_takes_the_default_and_is_counted(world: World) -> None:
    world.script(writer=["draft"], judge=[{"verdict": "who knows"}])
    found = await world.run(workflow(REVISE))
    assert found.output["verdict"] == "gave-up"
    assert world.telemetry.value("apm_decisions_unmapped_total", workflow="main", step="decide") == 1


async def test_without_a_way_out_an_exhausted_step_fails_the_run(world: World) -> None:
    found = await world.run(
        workflow("""
        state: {n: {type: integer, reducer: add}}
        steps:
          - {id: count, set: {n: 1}, maxVisits: 2}
          - {id: again, switch: [{when: "true", then: count}], default: end}
        """)
    )
    assert found.problem
    assert (found.status, found.problem.type, found.problem.instance) == ("failed", "exhausted", "main/count")


async def test_a_run_cannot_go_on_for_ever(world: World) -> None:
    found = await world.run(
        workflow("""
        limits: {maxSteps: 7}
        steps:
          - {id: a, function: text-statistics, with: {text: a}}
          - {id: b, switch: [{when: "true", then: a}], default: end}
        """)
    )
    assert found.problem
    assert (found.status, found.problem.type, len(found.path)) == ("failed", "too-many-steps", 8)


async def test_a_step_whose_condition_does_not_hold_is_skipped(world: World) -> None:
    found = await world.run(
        workflow("""
        state: {n: {type: integer}}
        output: {n: "${state.n}"}
        steps:
          - {id: never, set: {n: 1}, when: "has(input.x)"}
          - {id: always, set: {n: 2}, when: "!has(input.x)"}
        """)
    )
    assert (steps(found), found.output) == (["(never)", "always"], {"n": 2})


async def test_a_failed_step_goes_where_its_first_matching_handler_says(world: World) -> None:
    found = await world.run(
        workflow(
            """
        state: {what: {type: string}}
        output: {what: "${state.what}"}
        steps:
          - id: bad
            fail: {type: too-hot, title: Too hot, detail: "{{ input.degrees }} degrees"}
            onError: [{match: too-cold, goto: end}, {match: "*", goto: note}]
          - {id: skipped, set: {what: no}, next: end}
          - {id: note, set: {what: "${steps.bad.problem.type}: ${steps.bad.problem.detail}"}}
        """.replace("what: no}", 'what: "no"}')
        ),
        input={"degrees": 90},
    )
    assert (steps(found), found.output) == (["bad", "note"], {"what": "too-hot: 90 degrees"})


async def test_a_run_that_fails_says_where_and_why(world: World) -> None:
    found = await world.run(workflow('steps: [{id: look, set: {n: "${state.missing.x}"}}]', state={"n": {}}))
    assert found.problem
    assert (found.status, found.problem.type, found.problem.instance) == ("failed", "expression", "main/look")
    assert "missing" in found.problem.detail


@pytest.mark.parametrize(
    ("state", "value", "type_"),
    [
        ({"other": {}}, 1, "unknown-field"),
        ({"n": {"type": "integer"}}, "one", "invalid-output"),
        ({"n": {"type": "integer"}}, True, "invalid-output"),
        ({"n": {"type": "string"}}, 1, "invalid-output"),
    ],
)
async def test_state_is_never_written_wrongly(world: World, state: dict[str, Any], value: Any, type_: str) -> None:
    found = await world.run(
        workflow("steps: [{id: s, set: {n: 0}}]", state=state, steps=[{"id": "s", "set": {"n": value}}])
    )
    assert found.problem
    assert found.problem.type == type_


async def test_a_whole_number_that_cel_writes_as_a_float_is_an_integer(world: World) -> None:
    found = await world.run(
        workflow('{state: {n: {type: integer}}, output: {n: "${state.n}"}, steps: [{id: s, set: {n: "${4.0 / 2.0}"}}]}')
    )
    assert found.output == {"n": 2}


async def test_failures_are_retried_with_growing_pauses(world: World) -> None:
    world.script(a=[{"$fail": {"type": "unavailable"}}, {"$fail": {"type": "timeout"}}, "done"])
    found = await world.run(
        workflow("""
        agents: {a: {name: a, role: r, instructions: Do., model: m}}
        steps:
          - id: call
            agent: a
            retry:
              {maxAttempts: 3, initialInterval: 2s, backoffFactor: 3, jitter: false, retryOn: [unavailable, timeout]}
        """)
    )
    assert (found.status, world.clock.slept) == ("succeeded", [2.0, 6.0])
    assert world.telemetry.value("apm_step_retries_total", workflow="main", step="call") == 2


async def test_a_problem_that_is_not_worth_it_is_not_retried(world: World) -> None:
    world.script(a=[{"$fail": {"type": "rejected"}}, "done"])
    document = workflow("""
        agents: {a: {name: a, role: r, instructions: Do., model: m}}
        resilience: {careful: {name: careful, retry: {maxAttempts: 5}}}
        steps: [{id: call, agent: a, resilience: careful}]
        """)
    found = await world.run(document)
    assert found.problem
    assert (found.status, found.problem.type, world.clock.slept) == ("failed", "rejected", [])


async def test_a_breaker_opens_after_failures_and_lets_one_probe_through(world: World) -> None:
    down = {"$fail": {"type": "unavailable"}}
    world.script(a=[down, down, "up"])
    document = workflow("""
        agents: {a: {name: a, role: r, instructions: Do., model: m}}
        resilience: {target: {name: target, breaker: {failures: 2, openFor: 60s}}}
        steps:
          - {id: call, agent: a, resilience: target}
        """)
    kinds = [found.problem and found.problem.type for found in [await world.run(document) for _ in range(3)]]
    # A new run counts its replies anew, so the first reply of the script comes again: the target is still down.
    assert kinds == ["unavailable", "unavailable", "breaker-open"]
    world.clock.advance(61)
    world.script(a=["up"])
    assert (await world.run(document)).status == "succeeded"
    assert world.telemetry.value("apm_breaker_state", target="target") == 0


async def test_a_step_may_not_take_longer_than_its_timeout(world: World) -> None:
    world.script(a=[{"$fail": {"type": "unavailable"}}])
    found = await world.run(
        workflow("""
        agents: {a: {name: a, role: r, instructions: Do., model: m}}
        steps: [{id: call, agent: a, timeout: 5s, retry: {maxAttempts: 9, initialInterval: 4s, jitter: false}}]
        """)
    )
    assert found.problem
    assert (found.problem.type, found.problem.detail) == ("timeout", "its timeout is 5s")


SLOW = """
resilience: {target: {name: target, timeout: 5s, retry: {maxAttempts: 3, initialInterval: 1s, jitter: false}}}
steps: [{id: call, function: slow, resilience: target}]
"""


def slow(monkeypatch: pytest.MonkeyPatch, world: World, seconds: list[float]) -> list[int]:
    """Ship a function that takes so many seconds, one number a call; returns when calls began, from the start."""
    begun: list[int] = []
    start = world.clock.now()

    async def run(arguments: Any, context: Context) -> Any:
        del arguments
        begun.append((context.services.now() - start) // 1000)
        await context.services.sleep(seconds[len(begun) - 1])
        return {}

    functions = {**registered(), "slow": Function("slow", "Take time.", run)}
    monkeypatch.setattr(tools, "registered", lambda: functions)
    return begun


async def test_the_timeout_of_a_policy_is_for_one_attempt(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = slow(monkeypatch, world, [9.0, 9.0, 4.0])
    found = await world.run(workflow(SLOW))
    # Two attempts are cut off after 5 s, pauses are 1 s and 2 s, the third one takes 4 s: 17 s in all.
    assert (found.status, begun, found.path[0].seconds) == ("succeeded", [0, 6, 13], 17.0)


async def test_attempts_that_all_take_too_long_fail_the_step_as_timeout(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = slow(monkeypatch, world, [9.0, 9.0, 9.0])
    found = await world.run(workflow(SLOW))
    assert found.problem
    assert (found.problem.type, found.problem.title) == ("timeout", "An attempt took too long")
    assert (found.problem.detail, len(begun)) == ("its timeout is 5s", 3)


async def test_the_timeout_of_a_step_is_for_all_its_attempts_together(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = slow(monkeypatch, world, [4.0, 9.0])
    step = {"id": "call", "function": "slow", "resilience": "target", "timeout": "3s"}
    found = await world.run(workflow(SLOW, steps=[step]))
    assert found.problem
    assert (found.problem.type, begun, world.clock.now() // 1000 % 100) == ("timeout", [0], 3)


async def test_attempts_that_take_too_long_open_the_breaker(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = slow(monkeypatch, world, [9.0] * 9)
    policy = {"name": "target", "timeout": "5s", "breaker": {"failures": 2, "openFor": "60s"}}
    document = workflow(SLOW, resilience={"target": policy})
    kinds = [found.problem and found.problem.type for found in [await world.run(document) for _ in range(3)]]
    assert (kinds, len(begun)) == (["timeout", "timeout", "breaker-open"], 2)


async def test_a_defect_of_a_function_fails_the_run_and_not_the_worker(world: World, monkeypatch: Any) -> None:
    async def broken(arguments: Any, context: Any) -> Any:
        del arguments, context
        raise ZeroDivisionError("oops")

    functions = {**registered(), "broken": replace(registered()["search"], name="broken", run=broken, input={})}
    monkeypatch.setattr(tools, "registered", lambda: functions)
    found = await world.run(workflow("steps: [{id: s, function: broken}]"))
    assert found.problem
    assert (found.problem.type, found.problem.detail) == ("internal", "ZeroDivisionError: oops")


@pytest.mark.parametrize(
    ("steps", "where"),
    [
        ("[{id: s, set: {n: 1}, next: nowhere}]", "main: step `s` goes on to `nowhere`"),
        ("[{id: a, forEach: {in: '[1]', steps: [{id: s, set: {n: 1}, next: a}]}}]", "main/a: step `s` goes on to `a`"),
        ("[{id: s, set: {n: 1}}, {id: s, set: {n: 2}}]", "main has two steps with one id"),
    ],
)
def test_a_step_that_goes_nowhere_is_refused_before_anything_runs(steps: str, where: str) -> None:
    with pytest.raises(Failure, match=re.escape(where)):
        workflow(f"state: {{n: {{}}}}\nsteps: {steps}")
