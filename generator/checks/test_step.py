"""A case of a workflow test names a step, a branch, an agent or a call that its workflow does not have.

Steps are named by their path below the workflow, such as `review` or `plan/assess/risk-assessment`; branches as
`apm test --coverage` names them, such as `decide/switch[1]`. A name that is not there says nothing: an answer is never
given, an expectation is never met, or always.

Fix: correct the name (the nearest one is suggested).

Bad: `answers: {revieww: accept}`. Good: `answers: {review: accept}`.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from generator.kinds.workflow_test import Case
from generator.model import Catalogue, Check, Declared, Loc
from generator.problems import Problem, meant, nearest
from generator.references import references
from generator.workflows.rehearsed import agents, branches, callable_, steps_below
from runtime.steps import walk

CODE = "test-step"
Named = tuple[Loc, str, bool]
"""Place, name, and whether it is a key."""


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each such name where it stands."""
    for test in catalogue.all("WorkflowTest"):
        workflow = catalogue.find("Workflow", test.spec.workflow)
        if workflow is not None and _is_clear(catalogue, workflow):
            yield from _unknown(catalogue, test, workflow)


def _is_clear(catalogue: Catalogue, workflow: Declared) -> bool:
    """Return whether each step has a name of its own and what it names is there: what is wrong is told there."""
    names = [step.id for step in walk(workflow.spec.steps)]
    there = all(reference.name in catalogue.names(reference.kind) for reference in references(workflow))
    return there and len(names) == len(set(names))


def _unknown(catalogue: Catalogue, test: Declared, workflow: Declared) -> Iterator[Problem]:
    steps = steps_below(catalogue, workflow)
    taken = branches(workflow)
    own = [path for path in steps if "/" not in path or path in {b.rsplit("/", 1)[0] for b in taken}]
    yield from _dead(test, "branch", _keys(("spec", "unreachable"), test.spec.unreachable), taken)
    for index, case in enumerate(test.spec.cases):
        at: Loc = ("spec", "cases", index)
        yield from _dead(test, "step", _steps(case, at), steps)
        yield from _dead(test, "step", _items((*at, "expect", "path"), case.expect.path or ()), own)
        yield from _dead(test, "branch", _items((*at, "expect", "takes"), case.expect.takes), taken)
        replies: Any = case.replies
        if not isinstance(replies, str):
            yield from _dead(test, "agent", _keys((*at, "replies"), replies), agents(catalogue, workflow))
        calls = [named for named in _keys((*at, "expect", "calls"), case.expect.calls) if " " not in named[1]]
        yield from _dead(test, "tool or function", calls, callable_(catalogue, workflow))


def _steps(case: Case, at: Loc) -> Iterator[Named]:
    for field in ("steps", "faults", "answers", "events"):
        yield from _keys((*at, field), getattr(case, field))
    yield from _items((*at, "unanswered"), case.unanswered)
    yield from _keys((*at, "expect", "visits"), case.expect.visits)


def _keys(at: Loc, named: Mapping[str, Any]) -> Iterator[Named]:
    return (((*at, name), name, True) for name in named)


def _items(at: Loc, named: Iterable[str]) -> Iterator[Named]:
    return (((*at, index), name, False) for index, name in enumerate(named))


def _dead(test: Declared, what: str, named: Iterable[Named], known: Iterable[str]) -> Iterator[Problem]:
    there = tuple(known)
    for loc, name, key in named:
        if name not in there:
            fix = test.document.rename(loc, name, meant(name, there), key=key)
            message = f'the workflow "{test.spec.workflow}" has no {what} "{name}"'
            yield test.problem(loc, CODE, message, nearest(name, there), key=key, fix=fix)


CHECK = Check(CODE, run, each_environment=True)
