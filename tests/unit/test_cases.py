"""What a case of a WorkflowTest expects is compared with what a run did, and every difference is told."""

from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from generator.kinds.workflow_test import Expected
from generator.workflows import cases
from generator.workflows.cases import CaseResult, junit
from generator.workflows.skeletons import sample
from runtime import schemas
from runtime.cli import PathStep
from runtime.cli.reports import Compensated
from runtime.problems import problem
from runtime.services.outside import Call


def found(**more: Any) -> Any:
    """Return a rehearsal that went well: `a`, a skipped `b`, and `c/d` inside of `c`."""
    path = [
        PathStep("w/a", "set", "succeeded", 0, "", "b"),
        PathStep("w/b", "set", "skipped", 0, "", "c"),
        PathStep("w/c/d", "set", "succeeded", 0, "", ""),
        PathStep("w/c", "workflow", "succeeded", 0, "", ""),
    ]
    run: dict[str, Any] = {"status": "succeeded", "path": path, "output": {"x": 1}, "problem": None, "workflow": "w"}
    run |= {
        "tokens_in": 10,
        "tokens_out": 5,
        "compensated": [Compensated("w/book"), Compensated("w/a", problem("gone", "Gone"))],
    }
    rehearsal: dict[str, Any] = {
        "run": SimpleNamespace(**{**run, **more.pop("run", {})}),
        "state": {"s": 1},
        "calls": [Call("tool", "book", {"n": 1, "m": 2}, "w/a"), Call("tool", "book", {"n": 2}, "w/a")],
        "emitted": [("news", {"n": 1})],
        "ways": {("w", "a", "next"), ("other", "x", "next")},
        "missing": (),
        "unused": (),
    }
    return SimpleNamespace(**{**rehearsal, **more})


def differences(expected: dict[str, Any], **more: Any) -> list[str]:
    """Return what differs."""
    return list(cases._differences(Expected.model_validate(expected), found(**more)))  # pyright: ignore[reportPrivateUsage]


@pytest.mark.parametrize(
    "expected",
    [
        {},
        {"path": ["a", "c"], "visits": {"a": 1, "b": 0, "c/d": 1, "e": 0}},
        {"output": {"x": 1}, "state": {"s": 1}, "maxTokens": 15, "takes": ["a/next"]},
        {"compensated": ["book"]},
        {"calls": {"book": [{"n": 1}, {}], "other": []}, "emitted": {"news": [{"n": 1}]}},
    ],
)
def test_what_is_as_expected_differs_in_nothing(expected: dict[str, Any]) -> None:
    assert differences(expected) == []


DIFFERENCES: list[tuple[dict[str, Any], str]] = [
    ({"status": "failed"}, "status: expected failed, got succeeded"),
    ({"status": "failed", "problem": "timeout"}, "problem: expected timeout, got none"),
    ({"path": ["a", "b", "c"]}, "path: expected a → b → c, got a → c"),
    ({"visits": {"b": 1}}, "visits of b: expected 1, got 0"),
    ({"takes": ["x/next"]}, "branch x/next: expected to be taken"),
    ({"output": {"x": 2}}, "output.x: expected 2, got 1"),
    ({"output": {"y": 2}}, "output.y: expected 2, got null"),
    ({"state": {"s": "1"}}, 'state.s: expected "1", got 1'),
    ({"calls": {"book": []}}, "calls of book: expected 0, got 2"),
    ({"calls": {"other": [{}]}}, "calls of other: expected 1, got 0"),
    ({"calls": {"book": [{}, {"n": 1}]}}, "calls of book [2].n: expected 1, got 2"),
    ({"emitted": {"news": [{"n": 2}]}}, "events on news [1].n: expected 2, got 1"),
    ({"compensated": ["book", "a"]}, "compensated: expected book, a, got book"),
    ({"maxTokens": 14}, "tokens: expected 14 at most, got 15"),
]


@pytest.mark.parametrize(("expected", "told"), DIFFERENCES)
def test_every_difference_is_told(expected: dict[str, Any], told: str) -> None:
    assert told in differences(expected)


def test_a_run_that_failed_says_why() -> None:
    run: dict[str, Any] = {"status": "failed", "problem": problem("timeout", "Too slow")}
    assert differences({}, run=run) == ["status: expected succeeded, got failed (Too slow (timeout))"]
    assert differences({"status": "failed", "problem": "timeout"}, run=run) == []


def test_what_the_case_lacks_and_what_it_has_too_much_are_told() -> None:
    call = Call("tool", "book", {}, "w/c/post")
    told = list(cases._left_over(found(missing=[call], unused=["answers.x"])))  # pyright: ignore[reportPrivateUsage]
    assert told == [
        "answers.x: the run never came to this",
        "c/post calls book, which is a server; the case needs its result (`tools` or `steps`)",
    ]


def test_replies_are_changed_one_by_one_and_the_last_change_stays() -> None:
    changed = cases._changed("a", [{"x": 1, "y": 1}, {"x": 2, "y": 2}], [{"x": 9}, {}, {"y": 8}])  # pyright: ignore[reportPrivateUsage]
    assert changed == [{"x": 9, "y": 1}, {"x": 2, "y": 2}, {"x": 2, "y": 8}]


def test_junit_has_a_suite_for_each_test() -> None:
    results = (
        CaseResult("one", "a <b>", "specs/x.yaml", 0.5, ()),
        CaseResult("one", "c", "specs/x.yaml", 0.25, ('x: "1" & 2', "y")),
        CaseResult("two", "d", "specs/y.yaml", 1, ()),
    )
    root = ET.fromstring(junit(results))
    assert (root.get("tests"), root.get("failures"), root.get("time")) == ("3", "1", "1.750")
    first, second = root
    assert (first.get("name"), first.get("failures"), second.get("tests")) == ("one", "1", "1")
    assert [part.get("name") for part in first.iter()] == ["one", None, "file", "a <b>", "c", None]
    (failure,) = first[2]
    assert (failure.get("message"), failure.text) == ('x: "1" & 2', 'x: "1" & 2\ny')


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "required": ["a"], "properties": {"a": {"enum": ["x"]}, "b": {"type": "string"}}},
        {"type": "array", "minItems": 2, "items": {"type": "integer", "minimum": 3}},
        {"type": "string", "minLength": 4},
        {"type": ["null", "string"]},
        {"const": 7},
        {"type": "boolean"},
        {},
    ],
)
def test_samples_hold_their_schema(schema: dict[str, Any]) -> None:
    assert schemas.findings(schema, sample(schema)) == []


def _cost(limit: str, **prices: str) -> list[str]:
    models = {"small": SimpleNamespace(**{"price_in": None, "price_out": None, **prices})}
    documents: Any = {"w": SimpleNamespace(models=models)}
    return list(cases._cost(limit, {"small": (2_000_000, 500_000)}, documents))  # pyright: ignore[reportPrivateUsage]


def test_a_run_may_cost_so_much_by_the_prices_of_its_models() -> None:
    assert _cost("6.00 EUR", price_in="1 EUR", price_out="8 EUR") == []
    assert _cost("5.99 EUR", price_in="1 EUR", price_out="8 EUR") == [
        "cost: expected 5.99 EUR at most, got 6.000000 EUR"
    ]


def test_a_cost_without_a_price_is_told() -> None:
    unknown = ["cost: model small has no price in EUR (`priceIn`, `priceOut`)"]
    assert _cost("6 EUR", price_in="1 EUR") == unknown
    assert _cost("6 EUR", price_in="1 USD", price_out="8 USD") == unknown


def test_junit_is_well_formed_whatever_a_case_says() -> None:
    bad = CaseResult("t\x00", "n\x1b[31m <&\"'\ufffe\ud800", "f", 0.1, ("got \x07 ]]> \x0b",))
    root = ET.fromstring(junit((bad,)).encode())
    failure = root.find("testsuite/testcase/failure")
    assert failure is not None
    assert failure.text == "got \ufffd ]]> \ufffd"
