"""How the workflows of the reference system run: on the real graphs, with answers from a test or from chance."""

import json
import random
from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from runtime import schemas
from runtime.contract import Answer
from tests.specs.harness import (
    ROOT,
    Playground,
    any_value,
    chooses,
    documents,
    nobody,
    run,
)

INPUTS: Mapping[str, Mapping[str, Any]] = {
    path.stem: json.loads(path.read_text()) for path in sorted((ROOT / "examples" / "inputs").glob("*.json"))
}
"""The inputs that are shipped."""
ATTENDED = {**INPUTS["apm-cycle"], "attended": True, "maxRevisions": 3}
REPLIES = sorted(p.name.removesuffix(".replies.yaml") for p in (ROOT / "specs" / "tests").glob("*.replies.yaml"))
ERP_TOOLS = {"erp-transactions", "erp-inventory", "erp-documents"}


def replies(name: str) -> dict[str, list[Any]]:
    """Return the scripted replies of a workflow."""
    return yaml.safe_load((ROOT / "specs" / "tests" / f"{name}.replies.yaml").read_text())["agents"]


# --- the replies that are shipped ------------------------------------------------------------------------------------


@pytest.mark.parametrize("workflow", REPLIES)
def test_replies_fit_the_schemas_of_their_agents(workflow: str) -> None:
    below = {
        workflow: documents()[workflow],
        **{n: documents()[n] for n in documents()[workflow].workflows},
    }
    agents = {name: agent for document in below.values() for name, agent in document.agents.items()}
    given = replies(workflow)
    assert given.keys() == agents.keys()
    wrong = {name: schemas.findings(agents[name].output, one) for name, many in given.items() for one in many}
    assert {name: found for name, found in wrong.items() if found} == {}


def test_every_workflow_with_replies_has_an_input_that_it_accepts() -> None:
    assert set(REPLIES) == INPUTS.keys()
    wrong = {name: schemas.findings(documents()[name].input, value) for name, value in INPUTS.items()}
    assert {name: found for name, found in wrong.items() if found} == {}


def test_the_cycle_goes_through_one_revision_of_the_plan() -> None:
    services = Playground(replies("apm-cycle"))
    ended = run("apm-cycle", ATTENDED, services)
    assert ended.path == (
        "start", "van", "route",
        "plan", "create", "implement", "reflect", "decide", "count", "revise",
        "plan", "create", "implement", "reflect", "decide", "complete", "hand-over",
    )  # fmt: skip
    assert ended.paused == ()
    assert (ended.output["outcome"], ended.output["revisions"]) == ("complete", 1)
    assert ended.output["quality"] == 1.0
    assert all(gates == [] for gates in ended.output["belowGate"].values())


def test_the_planner_hears_what_the_review_said() -> None:
    services = Playground(replies("apm-cycle"))
    run("apm-cycle", ATTENDED, services)
    heard = [task["feedback"] for name, task in services.asked if name == "plan"]
    assert heard == ["", "No work package shows the clerk why an invoice waits."]


def test_every_work_package_gets_a_solution() -> None:
    services = Playground(replies("apm-cycle"))
    run("apm-cycle", ATTENDED, services)
    packages = [task["workpackage"]["name"] for name, task in services.asked if name == "create"]
    assert sorted(packages) == sorted(
        [
            "Invoice intake",
            "Posting proposal",
            "Invoice intake",
            "Posting proposal",
            "Waiting list",
        ]
    )


def test_the_cycle_hands_over_once() -> None:
    services = Playground(replies("apm-cycle"))
    run("apm-cycle", ATTENDED, services)
    ((channel, payload),) = services.emitted
    assert channel == "handovers"
    assert payload["outcome"] == "complete"
    filed = Playground()
    ended = run("handover-archive", payload, filed)
    ((kept, document, key),) = filed.called
    assert (kept, key) == ("keep handovers", "handover-run-1")
    assert payload["requirement"] in document["text"]
    assert ended.output == {"document": "invoices/run-1"}


# --- whatever is answered --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(documents()))
@pytest.mark.parametrize("option", ["accept", "reject", None])
def test_every_workflow_ends_whatever_is_answered(name: str, option: str | None) -> None:
    """Well-formed answers of agents, tools and people never lead to a failure, a dead end or an endless loop."""
    for seed in range(8):
        chance = random.Random(f"{name} {option} {seed}")
        document = documents()[name]
        value = dict(INPUTS.get(name) or any_value(document.input, chance))
        ended = run(
            name,
            value,
            Playground(chance=chance),
            chooses(option) if option else nobody,
        )
        assert ended.problem is None, (seed, ended)
        assert None not in ended.output.values(), (seed, ended.output)


@pytest.mark.parametrize(
    "verdict",
    ["revise_analysis", "revise_plan", "revise_design", "revise_implementation"],
)
def test_the_cycle_is_revised_three_times_at_most(verdict: str) -> None:
    given = replies("apm-cycle")
    given["reflect"] = [{**given["reflect"][0], "verdict": verdict}]
    ended = run("apm-cycle", ATTENDED, Playground(given), nobody)
    assert ended.path.count("reflect") == 4
    assert ended.paused == ("apm-cycle/review",)
    assert (ended.output["outcome"], ended.output["revisions"]) == ("rejected", 3)


def test_the_bound_of_revisions_does_not_depend_on_the_input() -> None:
    (count,) = (step for step in documents()["apm-cycle"].steps if step["id"] == "count")
    assert count["maxVisits"] == documents()["apm-cycle"].input["properties"]["maxRevisions"]["maximum"] == 3


def test_a_fourth_pass_that_is_complete_needs_nobody() -> None:
    given = replies("apm-cycle")
    back, done = given["reflect"]
    given["reflect"] = [back, back, back, done]
    ended = run("apm-cycle", ATTENDED, Playground(given), nobody)
    assert ended.paused == ()
    assert (ended.output["outcome"], ended.output["revisions"]) == ("complete", 3)


def test_without_anybody_the_cycle_ends_open_instead_of_waiting() -> None:
    given = replies("apm-cycle")
    given["reflect"] = given["reflect"][:1]
    ended = run("apm-cycle", {**ATTENDED, "attended": False}, Playground(given), nobody)
    assert ended.paused == ()
    assert ended.output["outcome"] == "open"


def test_the_input_may_ask_for_fewer_revisions() -> None:
    given = replies("apm-cycle")
    given["reflect"] = given["reflect"][:1]
    ended = run("apm-cycle", {**ATTENDED, "maxRevisions": 1}, Playground(given), nobody)
    assert ended.path.count("reflect") == 2
    assert ended.paused == ("apm-cycle/review",)


def test_a_person_who_accepts_ends_the_cycle_as_accepted() -> None:
    given = replies("apm-cycle")
    given["reflect"] = given["reflect"][:1]
    ended = run("apm-cycle", ATTENDED, Playground(given), chooses("accept"))
    assert ended.output["outcome"] == "accepted"


def test_a_small_change_needs_no_plan_and_no_design() -> None:
    given = replies("apm-cycle")
    given["van"] = [{**given["van"][0], "complexity": 1}]
    given["reflect"] = given["reflect"][1:]
    ended = run("apm-cycle", ATTENDED, Playground(given))
    assert ended.path == (
        "start", "van", "route", "direct", "implement", "reflect", "decide", "complete", "hand-over",
    )  # fmt: skip


# --- gates -----------------------------------------------------------------------------------------------------------

BELOW: Mapping[str, tuple[str, Mapping[str, Any], str]] = {
    "van": (
        "van",
        {"requirements": [{"text": "?", "status": "missing"}]},
        "analysis-coverage",
    ),
    "plan": (
        "plan",
        {"workpackages": [{"name": "All", "acceptance": "", "effortHours": 8}]},
        "plan-completeness",
    ),
    "create": ("create", {"tests": []}, "design-completeness"),
    "implement": (
        "implement",
        {"deployment": "failed"},
        "deployment-success or tests-passed",
    ),
}


@pytest.mark.parametrize("stage", sorted(BELOW))
def test_work_below_its_gate_never_counts_as_complete(stage: str) -> None:
    agent, worse, gate = BELOW[stage]
    given = replies("apm-cycle")
    given["reflect"] = given["reflect"][1:]
    given[agent] = [{**given[agent][-1], **worse}]
    ended = run("apm-cycle", ATTENDED, Playground(given), nobody)
    assert ended.output["belowGate"][stage] == [gate]
    assert ended.paused == ("apm-cycle/review",)
    assert ended.output["outcome"] == "rejected"


def test_tests_that_failed_are_below_the_gate_too() -> None:
    given = replies("apm-cycle")
    given["implement"][0]["tests"][0]["result"] = "failed"
    ended = run("stage-implement", _implement_input(), Playground(given))
    assert ended.output["belowGate"] == ["deployment-success or tests-passed"]


def test_a_reviewer_who_can_not_tell_decides_nothing() -> None:
    given = replies("apm-cycle")
    given["reflect"][1]["analyses"]["tests"] = "unknown"
    given["reflect"] = given["reflect"][1:]
    ended = run("apm-cycle", ATTENDED, Playground(given), nobody)
    assert ended.output["verdict"] == "undecided"
    assert ended.paused == ("apm-cycle/review",)


def test_quality_is_counted_from_tests_and_integration() -> None:
    given = replies("apm-cycle")
    given["integration-executor"][0] |= {"integrationStatus": "failed"}
    given["integration-executor"][0]["testResults"][0]["result"] = "failed"
    ended = run("stage-implement", _implement_input(), Playground(given))
    # 2 of 3 tests passed, 1 of 2 solutions has a test, the integration failed.
    assert ended.output["quality"] == pytest.approx(0.4 * 2 / 3 + 0.3 / 2)


def _implement_input() -> dict[str, Any]:
    solution = {"workpackage": "a", "solution": "b", "interfaces": [], "tests": ["c"]}
    return {
        "solutions": [solution, {**solution, "tests": []}],
        "integrationSteps": ["d"],
        "testingStrategy": "e",
        "feedback": "",
    }


# --- people ----------------------------------------------------------------------------------------------------------


def test_an_answer_to_a_question_reaches_the_next_agents() -> None:
    given = replies("apm-cycle")
    given["van"][0]["questions"] = ["Which suppliers first?"]
    services = Playground(given)
    value = {"requirement": ATTENDED["requirement"], "feedback": "", "attended": True}
    ended = run(
        "stage-van",
        value,
        services,
        lambda pause: Answer("The twelve largest", "person"),
    )
    assert ended.paused == ("stage-van/clarify",)
    assert [task["answer"] for _, task in services.asked if "answer" in task] == ["The twelve largest"] * 2


def test_nobody_is_asked_when_nobody_is_there() -> None:
    given = replies("apm-cycle")
    given["van"][0]["questions"] = ["Which suppliers first?"]
    value = {"requirement": ATTENDED["requirement"], "feedback": "", "attended": False}
    assert run("stage-van", value, Playground(given)).paused == ()


# --- postings --------------------------------------------------------------------------------------------------------

POSTINGS = [
    ("erp-posting", "erp-transactions", "posting-T-1", "posted"),
    ("erp-stock-movement", "erp-inventory", "inventory-E-1", "posted"),
    ("erp-article-master", "erp-documents", "article-A-1-2", "filed"),
    ("erp-batch-trace", "erp-documents", "batch-B-1-R-1", "filed"),
]
UNSURE: Mapping[str, Mapping[str, Any]] = {
    "erp-posting": {"confidence": 89},
    "erp-stock-movement": {"checks": {"stock": "ok", "storagePlace": "open", "batch": "ok"}},
    "erp-article-master": {"priceCents": 0},
    "erp-batch-trace": {"recommendation": "hold"},
}


def _unsure(name: str) -> dict[str, list[Any]]:
    ((agent, (reply,)),) = replies(name).items()
    return {agent: [{**reply, **UNSURE[name]}]}


@pytest.mark.parametrize(("name", "tool", "key", "outcome"), POSTINGS)
def test_a_sure_proposal_is_posted_once_with_its_key(name: str, tool: str, key: str, outcome: str) -> None:
    services = Playground(replies(name))
    ended = run(name, INPUTS[name], services)
    assert ended.output["outcome"] == outcome
    assert ended.output["decidedBy"] == "machine"
    assert [(called, used) for called, _, used in services.called] == [(tool, key)]


@pytest.mark.parametrize(("name", "tool", "key", "outcome"), POSTINGS)
def test_an_unsure_proposal_is_posted_only_when_a_person_accepts(name: str, tool: str, key: str, outcome: str) -> None:
    services = Playground(_unsure(name))
    ended = run(name, INPUTS[name], services, chooses("accept"))
    assert (ended.output["outcome"], ended.output["decidedBy"]) == (outcome, "person")
    assert [(called, used) for called, _, used in services.called] == [(tool, key)]


@pytest.mark.parametrize("name", sorted(UNSURE))
@pytest.mark.parametrize("person", [chooses("reject"), nobody], ids=["reject", "nobody"])
def test_an_unsure_proposal_is_not_posted_otherwise(name: str, person: Any) -> None:
    services = Playground(_unsure(name))
    ended = run(name, INPUTS[name], services, person)
    assert ended.output["outcome"] == "rejected"
    assert services.called == []


@pytest.mark.parametrize(("name", "tool", "key", "outcome"), POSTINGS)
def test_a_posting_that_the_erp_does_not_take_is_repeated_and_then_fails(
    name: str, tool: str, key: str, outcome: str
) -> None:
    services = Playground(replies(name), failing=frozenset(ERP_TOOLS))
    ended = run(name, INPUTS[name], services)
    assert ended.problem
    assert ended.problem["type"] == "erp-unavailable"
    assert [(called, used) for called, _, used in services.called] == [(tool, key)] * 3


def test_a_large_amount_is_never_posted_without_a_person() -> None:
    services = Playground(replies("erp-posting"))
    ended = run(
        "erp-posting",
        {**INPUTS["erp-posting"], "amountCents": 1_000_000},
        services,
        nobody,
    )
    assert ended.paused == ("erp-posting/approve",)
    assert services.called == []


def test_the_erp_gets_its_own_field_names_and_an_amount_in_whole_units() -> None:
    services = Playground(replies("erp-posting"))
    run("erp-posting", INPUTS["erp-posting"], services)
    ((_, sent, _),) = services.called
    assert sent == {
        "transaction_type": "sale",
        "amount": 1234.5,
        "currency": "EUR",
        "account_id": "1200",
        "contra_account_id": "4400",
        "tax_category": "reduced",
        "text": "Sale of feed wheat",
    }


def test_a_movement_of_nothing_is_ignored() -> None:
    services = Playground(replies("erp-stock-movement"))
    ended = run("erp-stock-movement", {**INPUTS["erp-stock-movement"], "quantity": 0}, services)
    assert ended.output["outcome"] == "ignored"
    assert services.asked == []


def test_a_batch_without_readable_movements_goes_to_a_person() -> None:
    services = Playground(replies("erp-batch-trace"), failing=frozenset({"database-query"}))
    ended = run("erp-batch-trace", {"requestId": "R-1", "batchId": "B-1"}, services, nobody)
    assert ended.output["degraded"] is True
    assert ended.paused == ("erp-batch-trace/approve",)
    assert {name for name, _, _ in services.called} == {"database-query"}


# --- alerts ----------------------------------------------------------------------------------------------------------

ALERT: Mapping[str, Any] = {
    "status": "firing",
    "commonLabels": {"alertname": "RunsWait"},
    "commonAnnotations": {},
    "alerts": [{}],
}
DONE = {"workflow": "success", "resources": "sufficient", "security": "hardened"}


@pytest.mark.parametrize(
    ("hand_to", "step"),
    [
        ("workflow", "change-process"),
        ("resources", "share-capacity"),
        ("security", "harden"),
    ],
)
def test_an_alert_is_handed_to_one_executor(hand_to: str, step: str) -> None:
    coordinator = {
        "goal": "trade-automation",
        "handTo": hand_to,
        "priority": 2,
        "task": "Do it",
        "reason": "Now",
    }
    chance = random.Random(1)
    status = {
        "workflow-executor": "status",
        "resource-manager": "resourceStatus",
        "security-implementer": "securityStatus",
    }
    agents = documents()["ops-cycle"].agents
    done = {
        name: [{**any_value(agents[name].output, chance), field: DONE[hand_to]}]
        for name, field in status.items()
        if DONE[hand_to] in agents[name].output["properties"][field]["enum"]
    }
    ended = run("ops-cycle", ALERT, Playground({"orchestrator": [coordinator], **done}), nobody)
    assert ended.output["outcome"] == "resolved"
    assert set(ended.path) & {"change-process", "share-capacity", "harden"} == {step}


def test_a_resolved_alert_costs_nothing() -> None:
    services = Playground()
    ended = run("ops-cycle", {**ALERT, "status": "resolved"}, services)
    assert ended.output["outcome"] == "nothing-to-do"
    assert services.asked == []
