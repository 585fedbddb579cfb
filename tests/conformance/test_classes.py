"""The mistakes that hand-written agent systems had with workflows, agents, state, storage and calls, none forgotten.

Each class has an id. It is refused before a merge, by the case `defects/<id>.yaml` or by a check with cases of its own,
or it can't be written down in specs: then what owns it instead is named, with the test that holds it to that.
"""

import pytest

from generator.pipeline import CHECKS
from tests.conformance.cases import HERE

CLASSES = (
    *(f"W{number}" for number in range(1, 27)),
    *(f"DB{number}" for number in range(1, 11)),
    *(f"R{number}" for number in range(1, 9)),
)
REFUSED = {
    "W4": ("duplicate-name", "the same thing defined twice, the second an empty shell"),
    "W6": ("wrong-argument", "something called with an argument that it does not have"),
    "W7": ("unknown-field", "a result read by a field that nobody puts into it"),
    "W8": ("wrong-argument", "a stage handed a value of another type than it takes"),
    "W9": ("unknown-function", "code named that is not there"),
    "W15": ("scripted-model", "canned answers in an environment where they would count"),
    "W17": ("workflow-target", "a way on to a stage that there is not"),
    "R8": ("detector-backtest", "a detector that alarms however quiet it is"),
}
"""Checks that refuse a class, and what it is; the cases are those of the check."""
OWNED = {
    "W2": ("two runs share their state: state belongs to a run, by its id, and specs can't name another's",
           "runtime/test_nesting.py::test_a_sub_workflow_has_a_state_of_its_own"),
    "W10": ("a graph built for another version of its library: specs hold no graph, the runtime builds it",
            "runtime/test_workflows.py::test_a_switch_takes_the_first_case_that_holds"),
    "W11": ("only the first way on is followed: every way of a `switch` is an edge that the runtime builds",
            "runtime/test_workflows.py::test_a_switch_takes_the_first_case_that_holds"),
    "W14": ("a prompt used as if it were the answer: an agent step asks the model itself, and checks what comes",
            "runtime/test_agents.py::test_an_answer_that_cannot_be_used_is_asked_for_again"),
    "W16": ("a placeholder stored where a call has failed: a step that fails has no output to go on with",
            "runtime/test_workflows.py::test_a_run_that_fails_says_where_and_why"),
    "W18": ("priorities sorted as words: a priority is a number from 0 to 9 by its type",
            "runtime/test_store.py::test_urgent_runs_go_first_then_the_older_ones"),
    "W19": ("a failed part leaves the rest waiting, and the run ends well: a join that can't be met fails the run",
            "runtime/test_nesting.py::test_a_join_waits_for_as_many_branches_as_it_says"),
    "W20": ("thresholds that nobody looks at: the gates of an agent stop its answers",
            "runtime/test_agents.py::test_a_gate_stops_an_answer_that_is_not_good_enough"),
    "W26": ("a program that can't start: there is one program, and no spec builds it",
            "image/test_running.py::test_a_run_goes_through_api_and_worker"),
    "DB1": ("the database's address in the code: a store's connection is a secret of the cluster, read at the start",
            "runtime/test_settings.py::test_variables_become_settings"),
    "DB3": ("a search without its index: specs hold no queries",
            "runtime/test_store.py::test_the_repository_layer_stays_inside_the_portable_subset"),
    "DB4": ("a plain index called one for vectors: what a memory is searched by is the runtime's own",
            "runtime/test_memory.py::test_words_and_meaning_both_count"),
    "DB6": ("a text looked up where another type of id is stored: ids are the runtime's own",
            "runtime/test_store.py::test_a_run_is_claimed_once_by_many"),
    "DB7": ("two names for one collection by copying it: nothing in a spec copies collections",
            "runtime/test_store.py::test_only_one_module_calls_the_driver"),
    "DB8": ("a store that fails looks empty: its failure is a problem of the type `unavailable`",
            "runtime/test_store.py::test_a_store_that_goes_away_is_an_unavailable_problem_and_a_metric"),
    "DB9": ("nothing keeps two of one id apart: what has an id is stored under it, once",
            "runtime/test_api.py::test_the_same_idempotency_key_starts_one_run"),
    "R1": ("refused calls keep a breaker open: there is one breaker, and it counts calls that were made",
           "runtime/test_guards.py::test_a_call_from_before_does_not_close_an_open_breaker"),
    "R2": ("a half-open breaker lets all through: it lets one probe through at a time",
           "runtime/test_guards.py::test_one_probe_is_let_through_at_a_time"),
    "R3": ("other numbers in each place: retry and breaker are a Resilience, used by its name",
           "runtime/test_guards.py::test_workers_share_a_breaker_and_a_rate"),
    "R7": ("a rate that bursts: workers share one rate, kept by the runtime",
           "runtime/test_guards.py::test_a_call_beyond_the_rate_waits_for_its_turn"),
}  # fmt: skip
"""Why a class can't be written down, and the tests of what owns it."""


@pytest.mark.parametrize("name", CLASSES)
def test_a_class_is_refused_or_can_not_be_written_down(name: str) -> None:
    case = any((HERE / "defects").glob(f"{name}.yaml")) or any((HERE / "defects").glob(f"{name}[a-z].yaml"))
    assert [case, name in REFUSED, name in OWNED].count(True) == 1, "exactly one of a case, a check and an owner"


def test_what_refuses_and_what_owns_a_class_is_there() -> None:
    assert {check for check, _ in REFUSED.values()} <= CHECKS.keys()
    assert [test for _, test in OWNED.values() if not _is_there(test)] == []
    assert REFUSED.keys() | OWNED.keys() <= set(CLASSES)


def _is_there(test: str) -> bool:
    file, _, name = test.partition("::")
    return f"def {name}(" in (HERE.parent / file).read_text(encoding="utf-8")
