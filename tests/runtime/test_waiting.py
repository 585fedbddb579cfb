"""Runs that wait for people, timers and events."""

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from runtime.cli.reports import RunResult
from runtime.problems import StepError
from runtime.worker import starting
from runtime.worker.scheduler import Scheduler
from tests.runtime.conftest import World, workflow

APPROVAL = """
state: {decision: {type: string}}
output: {decision: "${state.decision}", by: "${steps.ok.output.by}"}
steps:
  - id: ok
    approval:
      message: "Ship {{ input.what }}?"
      options: [accept, reject]
      assignees: [devops]
      timeout: 24h
      onTimeout: reject
      payload: {what: "${input.what}"}
    save: {decision: "${output.decision}"}
"""


async def test_a_run_waits_for_a_decision_and_goes_on_with_it(world: World) -> None:
    found = await world.run(workflow(APPROVAL), input={"what": "it"})
    assert found.status == "waiting"
    (question,) = found.waiting
    assert (question["message"], question["options"], question["payload"]) == (
        "Ship it?",
        ["accept", "reject"],
        {"what": "it"},
    )
    found = await world.answer(found.id, "accept")
    assert (found.status, found.output) == ("succeeded", {"decision": "accept", "by": "ada"})


async def test_nobody_decides_what_is_not_an_option(world: World) -> None:
    found = await world.run(workflow(APPROVAL), input={"what": "it"})
    with pytest.raises(StepError, match="not one of the options"):
        await world.answer(found.id, "perhaps")
    assert (await world.go_on(found.id)).status == "waiting"


async def test_a_decision_is_taken_once(world: World) -> None:
    found = await world.run(workflow(APPROVAL), input={"what": "it"})
    await world.answer(found.id, "accept")
    with pytest.raises(StepError, match="does not wait"):
        await world.answer(found.id, "reject")


async def test_when_nobody_decides_in_time_the_declared_option_counts(world: World) -> None:
    found = await world.run(workflow(APPROVAL, limits={"timeout": "48h"}), input={"what": "it"})
    found = await world.later(found.id, 23 * 3600)
    assert found.status == "waiting"
    found = await world.later(found.id, 2 * 3600)
    assert (found.status, found.output) == ("succeeded", {"decision": "reject", "by": "timeout"})


async def test_without_such_an_option_the_step_fails_as_timeout(world: World) -> None:
    found = await world.run(workflow("steps: [{id: q, ask: {question: Name, timeout: 5m}}]"))
    found = await world.later(found.id, 301)
    assert found.problem
    assert (found.status, found.problem.type) == ("failed", "timeout")


async def test_a_run_that_waits_past_its_limit_times_out(world: World) -> None:
    found = await world.run(workflow("limits: {timeout: 1h}\nsteps: [{id: q, ask: {question: Name}}]"))
    found = await world.later(found.id, 3601)
    assert (found.status, world.telemetry.value("apm_runs_total", workflow="main", outcome="timeout")) == ("timeout", 1)


@pytest.mark.parametrize(("answer", "accepted"), [(7, True), ("seven", False), (-1, False)])
async def test_an_answer_is_held_to_its_schema(world: World, answer: Any, accepted: bool) -> None:
    document = workflow("""
        output: {n: "${steps.q.output}"}
        steps: [{id: q, ask: {question: How many, schema: {type: integer, minimum: 0}}}]
        """)
    found = await world.run(document)
    if accepted:
        assert (await world.answer(found.id, answer)).output == {"n": answer}
        return
    with pytest.raises(StepError, match="refused"):
        await world.answer(found.id, answer)


async def test_a_timer_ends_by_itself(world: World) -> None:
    found = await world.run(workflow("steps: [{id: w, wait: {for: 10m}}]"))
    assert (found.status, found.waiting[0]["kind"]) == ("waiting", "timer")
    assert (await world.later(found.id, 599)).status == "waiting"
    assert (await world.later(found.id, 2)).status == "succeeded"


LISTEN = """
output: {got: "${steps.l.output}"}
channels: {orders: {name: orders}}
steps: [{id: l, listen: {channel: orders, when: "output.total > 10", timeout: 30m, onTimeout: nothing}}]
"""


async def test_a_run_hears_the_first_event_that_it_listens_for(world: World) -> None:
    await world.store.events.add("early", "orders", {"total": 99}, world.clock.now() - 1)
    found = await world.run(workflow(LISTEN))
    for number, total in enumerate((5, 50, 60)):
        await world.store.events.add(f"e{number}", "orders", {"total": total}, world.clock.now() + number)
    await world.scheduler().hear()
    assert (await world.go_on(found.id)).output == {"got": {"total": 50}}


async def test_a_run_listens_only_so_long(world: World) -> None:
    found = await world.run(workflow(LISTEN))
    await world.scheduler().hear()
    assert (await world.later(found.id, 1801)).output == {"got": "nothing"}


async def test_an_event_starts_the_workflows_of_its_channel_once(world: World) -> None:
    schema = {"type": "object", "properties": {"total": {"type": "integer"}}}
    consumer = workflow(
        'name: consumer\noutput: {n: "${input.total}"}\nsteps: [{id: s, function: text-statistics, with: {text: x}}]',
        triggers=[{"channel": "orders"}],
        channels={"orders": {"name": "orders", "payload": schema}},
    )
    producer = workflow(
        "steps: [{id: e, emit: {channel: orders, payload: {total: 7}}}]",
        channels={"orders": {"name": "orders", "payload": schema}},
    )
    found = await world.run(producer, consumer)
    for _ in range(2):
        await world.scheduler().deliver()
    (run,) = await world.store.runs.find({"workflow": "consumer"})
    assert found.status == "succeeded"
    assert (await world.go_on(run.id)).output == {"n": 7}
    assert world.telemetry.value("apm_events_total", channel="orders") == 1


async def test_an_event_with_a_wrong_payload_is_not_published(world: World) -> None:
    channels = {"orders": {"name": "orders", "payload": {"type": "integer"}}}
    found = await world.run(workflow("steps: [{id: e, emit: {channel: orders, payload: x}}]", channels=channels))
    assert found.problem
    assert found.problem.type == "invalid-input"


async def test_an_event_that_cannot_be_delivered_ends_as_a_dead_letter(world: World) -> None:
    consumer = workflow(
        "name: consumer\ninput: {type: object, required: [x]}\nsteps: [{id: w, wait: {for: 1s}}]",
        triggers=[{"channel": "orders"}],
        channels={"orders": {"name": "orders", "maxAttempts": 2}},
    )
    world.documents = {"consumer": consumer}
    await world.store.events.add("e", "orders", {}, world.clock.now())
    for _ in range(3):
        await world.scheduler().deliver()
    (dead,) = await world.store.collections["dead_letters"].find_all({})
    assert "does not accept" in dead["reason"]
    assert world.telemetry.value("apm_dead_letters_total", channel="orders") == 1


@pytest.mark.parametrize(("policy", "runs"), [("Forbid", 1), ("Allow", 2), ("Replace", 2)])
async def test_a_schedule_starts_runs_and_minds_the_one_before(world: World, policy: str, runs: int) -> None:
    trigger = {"cron": "0 2 * * *", "timeZone": "Europe/Berlin", "concurrencyPolicy": policy}
    document = workflow("limits: {timeout: 99h}\nsteps: [{id: w, wait: {for: 72h}}]", triggers=[trigger])
    world.documents = {"main": document}
    scheduler = world.scheduler()
    await scheduler.fire()
    assert await world.store.runs.find({"workflow": "main"}) == []
    for _ in range(2):
        world.clock.advance(24 * 3600)
        await scheduler.fire()
        await scheduler.fire()
    found = await world.store.runs.find({"workflow": "main"})
    assert len(found) == runs
    assert sum(run.state == "cancelled" for run in found) == (policy == "Replace")


# --- several people, changed payloads ------------------------------------------------------------------------------

MANY = """
output: {said: "${steps.ok.output}"}
steps: [{id: ok, approval: {message: "?", options: [accept, reject], required: 2, payload: {n: 1}}}]
"""


async def test_an_option_counts_when_so_many_people_have_chosen_it(world: World) -> None:
    found = await world.run(workflow(MANY))
    for by, value in (("ada", "accept"), ("bob", "reject")):
        await starting.answer(world.store, world.clock, found.id, value, by=by)
        assert (await world.go_on(found.id)).status == "waiting"
    await starting.answer(world.store, world.clock, found.id, "accept", by="eve", comment="fine")
    said = (await world.go_on(found.id)).output["said"]
    assert (said["decision"], said["by"], said["comment"]) == ("accept", "ada, eve", "fine")
    assert [(vote["by"], vote["value"]) for vote in said["votes"]] == [
        ("ada", "accept"), ("bob", "reject"), ("eve", "accept"),
    ]  # fmt: skip


async def test_nobody_chooses_twice(world: World) -> None:
    found = await world.run(workflow(MANY))
    await starting.answer(world.store, world.clock, found.id, "accept", by="ada")
    with pytest.raises(StepError, match="chosen already"):
        await starting.answer(world.store, world.clock, found.id, "accept", by="ada")


EDIT = """
output: {n: "${steps.ok.output.payload.n}"}
steps:
  - id: ok
    approval:
      message: "?"
      payload: {n: 1}
      edit: {type: object, required: [n], properties: {n: {type: integer}}, additionalProperties: false}
"""


async def test_a_person_may_change_the_payload_within_its_schema(world: World) -> None:
    found = await world.run(workflow(EDIT))
    with pytest.raises(StepError, match="refused"):
        await world.answer(found.id, {"decision": "accept", "payload": {"n": "x"}})
    found = await world.answer(found.id, {"decision": "accept", "payload": {"n": 5}})
    assert found.output == {"n": 5}


async def test_without_a_change_the_payload_is_what_was_shown(world: World) -> None:
    found = await world.run(workflow(EDIT))
    assert (await world.answer(found.id, "accept")).output == {"n": 1}


async def test_a_payload_that_is_not_to_be_changed_is_not(world: World) -> None:
    found = await world.run(workflow(MANY))
    with pytest.raises(StepError, match="not one of the options"):
        await world.answer(found.id, {"decision": "accept", "payload": {"n": 5}})


# --- times and several events ----------------------------------------------------------------------------------------


async def test_a_run_waits_until_a_time(world: World) -> None:
    document = workflow("""
    input: {type: object, properties: {at: {type: string}}}
    limits: {timeout: 5h}
    steps: [{id: sleep, wait: {until: "${input.at}"}}]
    """)
    at = dt.datetime.fromtimestamp(world.clock.now() / 1000 + 3600, dt.UTC).isoformat()
    found = await world.run(document, input={"at": at})
    assert (await world.later(found.id, 3590)).status == "waiting"
    assert (await world.later(found.id, 20)).status == "succeeded"
    found = await world.run(document, input={"at": "tomorrow"})
    assert found.problem
    assert found.problem.type == "expression"


async def heard(world: World, found: RunResult, *events: tuple[str, Any]) -> RunResult:
    """Publish events, a second apart, and go on."""
    for number, (channel, payload) in enumerate(events):
        world.clock.advance(1)
        await world.store.events.add(f"{found.id}{channel}{number}", channel, payload, world.clock.now())
    await world.scheduler().hear()
    return await world.go_on(found.id)


async def test_a_condition_on_events_sees_what_the_run_knows(world: World) -> None:
    found = await world.run(
        workflow("""
        input: {type: object, properties: {order: {type: integer}}}
        output: {paid: "${steps.pay.output.sum}"}
        steps: [{id: pay, listen: {channel: payments, when: "output.order == input.order"}}]
        """),
        input={"order": 7},
    )
    found = await heard(world, found, ("payments", {"order": 6, "sum": 1}), ("payments", {"order": 7, "sum": 2}))
    assert found.output == {"paid": 2}


async def test_a_run_goes_on_with_the_first_of_several_events(world: World) -> None:
    found = await world.run(
        workflow("""
        output: {heard: "${steps.first.output}"}
        steps:
          - {id: first, listen: {any: [{channel: paid}, {channel: cancelled, when: output.real}]}}
        """)
    )
    found = await heard(world, found, ("cancelled", {"real": False}), ("cancelled", {"real": True}), ("paid", {}))
    assert found.output == {"heard": {"channel": "cancelled", "payload": {"real": True}}}


async def test_a_run_waits_for_all_of_several_events_in_any_order(world: World) -> None:
    found = await world.run(
        workflow("""
        output: {heard: "${steps.both.output}"}
        steps: [{id: both, listen: {all: [{channel: paid}, {channel: packed}]}}]
        """)
    )
    found = await heard(world, found, ("packed", "box"))
    assert found.status == "waiting"
    found = await heard(world, found, ("paid", 5))
    assert found.output == {"heard": [5, "box"]}


# --- schedules --------------------------------------------------------------------------------------------------------


async def scheduled(world: World, **more: Any) -> Scheduler:
    """Return a scheduler that has seen a workflow of 02:00 in Berlin."""
    trigger = {"cron": "0 2 * * *", "timeZone": "Europe/Berlin", **more}
    document = workflow("steps: [{id: a, set: {x: 1}}]", state={"x": {}}, triggers=[trigger])
    world.documents = {"main": document}
    scheduler = world.scheduler()
    await scheduler.fire()
    return scheduler


async def test_of_missed_times_the_last_one_counts(world: World) -> None:
    scheduler = await scheduled(world)
    world.clock.advance(5 * 86_400)
    await scheduler.fire()
    assert len(await world.store.runs.find()) == 1


@pytest.mark.parametrize(("deadline", "outcome"), [("1h", "missed"), ("23h", "started")])
async def test_a_schedule_that_is_too_late_is_passed_over(world: World, deadline: str, outcome: str) -> None:
    scheduler = await scheduled(world, startingDeadline=deadline)
    # The clock starts at 23:13 in Berlin, so that 02:00 is 21 hours ago.
    world.clock.advance(86_400)
    await scheduler.fire()
    assert len(await world.store.runs.find()) == (outcome == "started")
    assert world.telemetry.value("apm_cron_fired_total", workflow="main", outcome=outcome) == 1


@pytest.mark.parametrize(
    ("day", "at"),
    [("2026-03-29", ["2026-03-29T03:00:00+02:00"]), ("2026-10-25", ["2026-10-25T02:30:00+02:00"])],
    ids=["skipped", "twice"],
)
async def test_a_schedule_in_the_hour_that_clocks_change(world: World, day: str, at: list[str]) -> None:
    zone = ZoneInfo("Europe/Berlin")
    start = dt.datetime.fromisoformat(f"{day}T00:30:00").replace(tzinfo=zone)
    world.clock.advance(start.timestamp() - world.clock.now() / 1000)
    scheduler = await scheduled(world, cron="30 2 * * *", concurrencyPolicy="Allow")
    for _ in range(12 * 6):
        world.clock.advance(600)
        await scheduler.fire()
    times = [int(run.id.rsplit("-", 1)[1]) / 1000 for run in await world.store.runs.find()]
    assert [dt.datetime.fromtimestamp(one, zone).isoformat() for one in times] == at


# --- dead letters -----------------------------------------------------------------------------------------------------


async def test_a_dead_letter_is_delivered_again(world: World) -> None:
    base = {"triggers": [{"channel": "orders"}], "channels": {"orders": {"name": "orders", "deadLetter": "lost"}}}
    strict = workflow("name: picky\ninput: {type: object, required: [x]}\nsteps: [{id: w, wait: {for: 1s}}]", **base)
    other = workflow("name: other\nsteps: [{id: w, wait: {for: 1s}}]", **base)
    world.documents = {"other": other, "picky": strict}
    await world.store.events.add("e", "orders", {"y": 1}, world.clock.now())
    for _ in range(3):
        await world.scheduler().deliver()
    assert [(row["_id"], row["name"], row["payload"]) for row in await world.store.events.dead("lost")] == [
        ("e", "lost", {"y": 1})
    ]
    world.documents = {"other": other, "picky": workflow("name: picky\nsteps: [{id: w, wait: {for: 1s}}]", **base)}
    assert await world.store.events.redeliver("e", world.clock.now())
    await world.scheduler().deliver()
    assert sorted(run.workflow for run in await world.store.runs.find()) == ["other", "picky"]
    assert not await world.store.events.redeliver("e", world.clock.now())
