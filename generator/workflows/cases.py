"""Workflow tests -> results: runs each case on the runtime's own graph, with written replies and given answers."""

import json
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from xml.sax.saxutils import escape, quoteattr

import yaml

from generator.kinds.workflow_test import Case, Expected, WorkflowTest, in_turn
from generator.problems import Failure
from generator.workflows.cassettes import stale
from generator.workflows.xml import held

if TYPE_CHECKING:
    from types import ModuleType

    from runtime.cli import Rehearsal, Rehearse
    from runtime.contract import WorkflowDocument

Way = tuple[str, str, str]
"""Workflow, step, and the way out of the step that a run took."""


@dataclass(frozen=True)
class CaseResult:
    """How one case went; without differences it passed."""

    test: str
    case: str
    file: str
    seconds: float
    differences: tuple[str, ...]
    ways: frozenset[Way] = frozenset()
    heard: tuple[tuple[str, Any], ...] = ()
    """Who asked, and what its model answered."""


def run_all(
    tests: tuple[WorkflowTest, ...], documents: "Callable[[str], Mapping[str, WorkflowDocument]]",
    runtime: "ModuleType", *, record: bool = False,
) -> "Iterator[tuple[WorkflowTest, Case, CaseResult]]":  # fmt: skip
    """Yield every case with its result; each starts from an empty store. With `record` models are really asked."""
    with (
        tempfile.TemporaryDirectory(prefix="apm-test-") as name,
        runtime.rehearsals(Path(name, "state")) as rehearse,
    ):
        for test in tests:
            known = documents(test.environment)
            for number, case in enumerate(test.cases):
                with tempfile.TemporaryDirectory(dir=name) as folder:
                    script = _script(test, number, runtime, Path(folder), record=record)
                    yield test, case, run_case(test, number, known, rehearse, script)


def run_case(
    test: WorkflowTest, number: int, documents: "Mapping[str, WorkflowDocument]", rehearse: "Rehearse", script: Any
) -> CaseResult:
    """Run one case of a test."""
    case, start = test.cases[number], time.monotonic()
    ways, heard = frozenset[Way](), tuple[tuple[str, Any], ...]()
    try:
        if script.replies and (old := stale(test.replies[number], test.workflow)):
            raise Failure(old)
        found = rehearse(documents, script)
        ways, heard = found.ways, tuple(found.heard)
        costs = _cost(case.expect.max_cost, found.tokens, documents) if case.expect.max_cost else ()
        differences = (*_differences(case.expect, found), *costs, *_left_over(found), *_unreachable(test, ways))
    except Exception as error:
        if type(error).__name__ != "Failure":
            raise
        hint = str(getattr(error, "hint", ""))
        differences = (f"{error} ({hint})" if hint else str(error),)
    return CaseResult(test.name, case.name, test.source.file, time.monotonic() - start, differences, ways, heard)


def _script(test: WorkflowTest, number: int, runtime: "ModuleType", folder: Path, *, record: bool) -> Any:
    case = test.cases[number]
    replies = None if record else folder / "replies.yaml"
    if replies:
        replies.write_text(json.dumps(_replies(case, test.replies[number])), encoding="utf-8")
    files = folder / "files"
    files.mkdir()
    said: dict[str, Any] = {name: getattr(case, name) for name in Case.model_fields if name not in _NOT_SCRIPT}
    for name in _SAID_AT_STEPS:
        said[name] = {step: in_turn(written) for step, written in said[name].items()}
    return runtime.Script(test.workflow.name, case.input, replies, files, **said)


_NOT_SCRIPT = ("name", "input", "replies", "but", "expect")
_SAID_AT_STEPS = ("answers", "events")


def _replies(case: Case, written: Any) -> Any:
    """Return the replies of a case in the form of a file of replies, with what is different in this case."""
    found: Any = yaml.load(written, Loader=yaml.CSafeLoader) if isinstance(written, str) else {"agents": written}
    if not case.but or not isinstance(found, dict):
        return found  # pyright: ignore[reportUnknownVariableType]
    sections = cast("dict[str, Any]", found)
    agents: dict[str, Any] = sections.get("agents") or {}
    changed = {name: _changed(name, agents.get(name), changes) for name, changes in case.but.items()}
    return {**sections, "agents": {**agents, **changed}}


def _changed(agent: str, replies: Sequence[Any] | None, changes: Sequence[Mapping[str, Any]]) -> list[Any]:
    if not replies or not all(isinstance(reply, Mapping) for reply in replies):
        raise Failure(f"`but` names {agent}, which has no replies that are mappings", "write them into `replies`")
    count = max(len(replies), len(changes))
    pairs = [(replies[min(n, len(replies) - 1)], changes[min(n, len(changes) - 1)]) for n in range(count)]
    return [{**reply, **change} for reply, change in pairs]


# --- what differs ---------------------------------------------------------------------------------------------------


def _differences(expected: Expected, found: "Rehearsal") -> Iterator[str]:
    run = found.run
    if run.status != expected.status:
        yield f"status: expected {expected.status}, got {run.status}" + (f" ({run.problem})" if run.problem else "")
    if expected.problem and (run.problem is None or run.problem.type != expected.problem):
        yield f"problem: expected {expected.problem}, got {run.problem.type if run.problem else 'none'}"
    yield from _steps(expected, found)
    yield from _branches(expected, found)
    yield from _undone(expected, found)
    yield from _values("output", expected.output, fields_of(run.output))
    yield from _values("state", expected.state, found.state)
    calls = [(call.name, call.arguments) for call in found.calls]
    yield from _sequences("calls of", expected.calls, calls)
    yield from _sequences("events on", expected.emitted, found.emitted)
    tokens = run.tokens_in + run.tokens_out
    if expected.max_tokens is not None and tokens > expected.max_tokens:
        yield f"tokens: expected {expected.max_tokens} at most, got {tokens}"


def _steps(expected: Expected, found: "Rehearsal") -> Iterator[str]:
    ran = [step.path.split("/", 1)[1] for step in found.run.path if step.outcome in ("succeeded", "failed")]
    own = [path for path in ran if "/" not in path]
    if expected.path is not None and own != list(expected.path):
        yield f"path: expected {' → '.join(expected.path)}, got {' → '.join(own)}"
    counts = Counter(ran)
    for path, visits in expected.visits.items():
        if counts[path] != visits:
            yield f"visits of {path}: expected {visits}, got {counts[path]}"


def _branches(expected: Expected, found: "Rehearsal") -> Iterator[str]:
    taken = {f"{step}/{way}" for workflow, step, way in found.ways if workflow == found.run.workflow}
    for branch in expected.takes:
        if branch not in taken:
            yield f"branch {branch}: expected to be taken"


def _undone(expected: Expected, found: "Rehearsal") -> Iterator[str]:
    undone = [one.path.split("/", 1)[1] for one in found.run.compensated if not one.problem]
    if expected.compensated is not None and undone != list(expected.compensated):
        yield f"compensated: expected {', '.join(expected.compensated) or 'none'}, got {', '.join(undone) or 'none'}"


def _values(what: str, expected: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[str]:
    for name, value in expected.items():
        if found.get(name) != value:
            yield f"{what}.{name}: expected {json.dumps(value)}, got {json.dumps(found.get(name))}"


def _sequences(
    what: str, expected: Mapping[str, Sequence[Mapping[str, Any]]], found: Sequence[tuple[str, Any]]
) -> Iterator[str]:
    for name, wanted in expected.items():
        got = [fields_of(value) for one, value in found if one == name]
        if len(got) != len(wanted):
            yield f"{what} {name}: expected {len(wanted)}, got {len(got)}"
            continue
        for number, (fields, value) in enumerate(zip(wanted, got, strict=True), 1):
            yield from _values(f"{what} {name} [{number}]", fields, value)


def fields_of(output: Any) -> dict[str, Any]:
    """Return a run's output by field; an output that is no object stands under an empty name."""
    return dict(cast("Mapping[str, Any]", output)) if isinstance(output, Mapping) else {"": output}


def _cost(
    limit: str, tokens: Mapping[str, tuple[int, int]], documents: "Mapping[str, WorkflowDocument]"
) -> Iterator[str]:
    """Yield why the models of a run cost more than an amount such as `0.05 EUR`, or may."""
    models = {name: model for document in documents.values() for name, model in document.models.items()}
    amount, currency = limit.split()
    cost = 0.0
    for name, counts in tokens.items():
        prices = (models[name].price_in, models[name].price_out)
        for count, price in zip(counts, prices, strict=True):
            if price is None or not price.endswith(currency):
                yield f"cost: model {name} has no price in {currency} (`priceIn`, `priceOut`)"
                return
            cost += count * float(price.split()[0]) / 1_000_000
    if cost > float(amount):
        yield f"cost: expected {limit} at most, got {cost:.6f} {currency}"


def _left_over(found: "Rehearsal") -> Iterator[str]:
    """Yield what the case says that nothing came to, and what it should have said."""
    for name in found.unused:
        once = ", or not so often: without `retry` a step is tried once" if name.startswith("faults.") else ""
        yield f"{name}: the run never came to this{once}"
    for call in found.missing:
        step = call.path.split("/", 1)[1]
        yield f"{step} calls {call.name}, which is a server; the case needs its result (`tools` or `steps`)"


def _unreachable(test: WorkflowTest, ways: frozenset[Way]) -> Iterator[str]:
    taken = sorted(f"{step}/{way}" for workflow, step, way in ways if workflow == test.workflow.name)
    for branch in taken:
        if branch in test.unreachable:
            yield f"{branch} was taken, and the test calls it unreachable: {test.unreachable[branch]}"


# --- for machines ---------------------------------------------------------------------------------------------------


def junit(results: tuple[CaseResult, ...]) -> str:
    """Return the results as JUnit XML, one suite for each test."""
    tests = dict.fromkeys(result.test for result in results)
    suites = "".join(_suite(name, [r for r in results if r.test == name]) for name in tests)
    text = f'<?xml version="1.0" encoding="utf-8"?>\n<testsuites {_counts(results)}>{suites}</testsuites>\n'
    return held(text)


def _suite(name: str, results: Sequence[CaseResult]) -> str:
    file = f'<properties><property name="file" value={quoteattr(results[0].file)}/></properties>'
    cases = "".join(_junit_case(r) for r in results)
    return f'<testsuite name={quoteattr(name)} {_counts(results)} skipped="0">{file}{cases}</testsuite>'


def _counts(results: Sequence[CaseResult]) -> str:
    failed, seconds = sum(bool(r.differences) for r in results), sum(r.seconds for r in results)
    return f'tests="{len(results)}" failures="{failed}" errors="0" time="{seconds:.3f}"'


def _junit_case(result: CaseResult) -> str:
    names = {"classname": result.test, "name": result.case, "time": f"{result.seconds:.3f}"}
    head = "<testcase " + " ".join(f"{name}={quoteattr(value)}" for name, value in names.items())
    if not result.differences:
        return head + "/>"
    told = escape("\n".join(result.differences))
    return f"{head}><failure message={quoteattr(result.differences[0])}>{told}</failure></testcase>"
