"""Workflow tests -> results: runs each case on the runtime's own graph, with written replies and given answers."""

import json
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from xml.sax.saxutils import escape, quoteattr

from generator.kinds.workflow_test import Case, Expected, WorkflowTest
from generator.problems import Failure

if TYPE_CHECKING:
    from types import ModuleType

    from runtime.cli import RunResult
    from runtime.contract import WorkflowDocument

MAX_ANSWERS = 50
"""Answers that one case may need; more means that it goes round in circles."""


@dataclass(frozen=True)
class CaseResult:
    """How one case went; without differences it passed."""

    test: str
    case: str
    file: str
    seconds: float
    differences: tuple[str, ...]


def run_case(
    test: WorkflowTest, number: int, documents: "Mapping[str, WorkflowDocument]", runtime: "ModuleType", folder: Path
) -> CaseResult:
    """Run one case of a test; `folder` keeps the embedded store."""
    case, start = test.cases[number], time.monotonic()
    try:
        differences = tuple(_differences(case.expect, _run(test, number, documents, runtime, folder)))
    except Failure as failure:
        differences = (f"{failure.message} ({failure.hint})" if failure.hint else failure.message,)
    except Exception as error:
        if type(error).__name__ != "Failure":
            raise
        differences = (str(getattr(error, "message", error)),)
    return CaseResult(test.name, case.name, test.source.file, time.monotonic() - start, differences)


def _run(
    test: WorkflowTest, number: int, documents: "Mapping[str, WorkflowDocument]", runtime: "ModuleType", folder: Path
) -> "RunResult":
    case = test.cases[number]
    with tempfile.NamedTemporaryFile("w", suffix=".yaml", dir=folder) as replies:
        written = test.replies[number]
        replies.write(written if isinstance(written, str) else json.dumps({"agents": written}))
        replies.flush()
        found = runtime.run(documents, test.workflow.name, case.input, state_dir=folder / "state", provider="scripted",
                            replies=Path(replies.name), files=folder)  # fmt: skip
        for _ in range(MAX_ANSWERS):
            if found.status != "waiting" or (question := _next(found, case)) is None:
                return found
            found = runtime.answer(
                found.id, case.answers[_step(question)], to=question["id"], by="test", state_dir=folder / "state"
            )
    raise Failure(f"the run still waits after {MAX_ANSWERS} answers")


def _next(found: "RunResult", case: Case) -> Mapping[str, Any] | None:
    return next((q for q in found.waiting if q["kind"] in ("approval", "ask") and _step(q) in case.answers), None)


def _step(question: Mapping[str, Any]) -> str:
    """Return a waiting step as cases name it: without the workflow's own name."""
    return question["path"].split("/", 1)[1]


def _differences(expected: Expected, found: "RunResult") -> Iterator[str]:
    if found.status != expected.status:
        yield f"status: expected {expected.status}, got {found.status}" + (
            f" ({found.problem})" if found.problem else ""
        )
    ran = [step.path.split("/", 1)[1] for step in found.path if step.outcome != "skipped"]
    own = [path for path in ran if "/" not in path]
    if expected.path is not None and own != list(expected.path):
        yield f"path: expected {' → '.join(expected.path)}, got {' → '.join(own)}"
    counts = Counter(ran)
    for path, visits in expected.visits.items():
        if counts[path] != visits:
            yield f"visits of {path}: expected {visits}, got {counts[path]}"
    output = fields_of(found.output)
    for name, value in expected.output.items():
        if output.get(name) != value:
            yield f"output.{name}: expected {json.dumps(value)}, got {json.dumps(output.get(name))}"
    if expected.problem and (found.problem is None or found.problem.type != expected.problem):
        yield f"problem: expected {expected.problem}, got {found.problem.type if found.problem else 'none'}"


def fields_of(output: Any) -> dict[str, Any]:
    """Return a run's output by field; an output that is no object stands under an empty name."""
    return cast("dict[str, Any]", output) if isinstance(output, dict) else {"": output}


def run_all(
    tests: tuple[WorkflowTest, ...], documents: "Callable[[str], Mapping[str, WorkflowDocument]]", runtime: "ModuleType"
) -> Iterator[CaseResult]:
    """Yield the result of every case; each test starts from an empty store."""
    for test in tests:
        with tempfile.TemporaryDirectory(prefix="apm-test-") as name:
            for number in range(len(test.cases)):
                yield run_case(test, number, documents(test.environment), runtime, Path(name))


def junit(results: tuple[CaseResult, ...]) -> str:
    """Return the results as JUnit XML."""
    failed = sum(bool(r.differences) for r in results)
    cases = "".join(_junit_case(r) for r in results)
    seconds = sum(r.seconds for r in results)
    suite = f'name="apm test" tests="{len(results)}" failures="{failed}" errors="0" skipped="0" time="{seconds:.3f}"'
    return f'<?xml version="1.0" encoding="utf-8"?>\n<testsuites><testsuite {suite}>{cases}</testsuite></testsuites>\n'


def _junit_case(result: CaseResult) -> str:
    names = {"classname": result.test, "name": result.case, "file": result.file, "time": f"{result.seconds:.3f}"}
    head = "<testcase " + " ".join(f"{name}={quoteattr(value)}" for name, value in names.items())
    if not result.differences:
        return head + "/>"
    told = escape("\n".join(result.differences))
    return f"{head}><failure message={quoteattr(result.differences[0])}>{told}</failure></testcase>"
