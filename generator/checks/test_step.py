"""A case of a workflow test names a step, a branch, an agent or a call that its workflow does not have.

Steps are named by their path below the workflow, such as `review` or `plan/assess/risk-assessment`; branches as
`apm test --coverage` names them, such as `decide/switch[1]`. A name that is not there says nothing: an answer is never
given, an expectation is never met, or always.

Fix: correct the name (the nearest one is suggested).

Bad: `answers: {revieww: accept}`. Good: `answers: {review: accept}`.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True)
class _Names:
    """Names that a test says, what they name, and what there is."""

    test: Declared
    what: str
    named: Sequence[Named]
    known: Collection[str]


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each such name where it stands."""
    named: dict[str, list[_Names]] = {}
    for test in catalogue.all("WorkflowTest"):
        workflow = catalogue.find("Workflow", test.spec.workflow)
        if workflow is not None and _is_clear(catalogue, workflow):
            named.setdefault(workflow.name, []).extend(_names(catalogue, test, workflow))
    for lists in named.values():
        said = {name for one in lists for _, name, _ in one.named if name in one.known}
        for one in lists:
            yield from _dead(one, said)


def _is_clear(catalogue: Catalogue, workflow: Declared) -> bool:
    """Return whether each step has a name of its own and what it names is there: what is wrong is told there."""
    names = [step.id for step in walk(workflow.spec.steps)]
    there = all(catalogue.knows(reference.kind, reference.name) for reference in references(workflow))
    return there and len(names) == len(set(names))


def _names(catalogue: Catalogue, test: Declared, workflow: Declared) -> Iterator[_Names]:
    steps = steps_below(catalogue, workflow)
    taken = branches(workflow)
    own = [path for path in steps if "/" not in path or path in {b.rsplit("/", 1)[0] for b in taken}]
    yield _Names(test, "branch", _keys(("spec", "unreachable"), test.spec.unreachable), taken)
    for index, case in enumerate(test.spec.cases):
        at: Loc = ("spec", "cases", index)
        yield _Names(test, "step", _steps(case, at), steps)
        yield _Names(test, "step", _items((*at, "expect", "path"), case.expect.path or ()), own)
        yield _Names(test, "branch", _items((*at, "expect", "takes"), case.expect.takes), taken)
        replies: Any = case.replies
        if not isinstance(replies, str):
            yield _Names(test, "agent", _keys((*at, "replies"), replies), agents(catalogue, workflow))
        calls = [named for named in _keys((*at, "expect", "calls"), case.expect.calls) if " " not in named[1]]
        yield _Names(test, "tool or function", calls, callable_(catalogue, workflow))


def _steps(case: Case, at: Loc) -> list[Named]:
    given = [named for field in ("steps", "faults", "answers", "events")
             for named in _keys((*at, field), getattr(case, field))]  # fmt: skip
    visits = _keys((*at, "expect", "visits"), case.expect.visits)
    undone = _items((*at, "expect", "compensated"), case.expect.compensated or ())
    return [*given, *_items((*at, "unanswered"), case.unanswered), *visits, *undone]


def _keys(at: Loc, named: Mapping[str, Any]) -> list[Named]:
    return [((*at, name), name, True) for name in named]


def _items(at: Loc, named: Iterable[str]) -> list[Named]:
    return [((*at, index), name, False) for index, name in enumerate(named)]


def _dead(names: _Names, said: Collection[str]) -> Iterator[Problem]:
    """Yield names that are not there, with a repair where the tests say elsewhere what is meant.

    Without that, what is misspelt may as well be the name in the workflow.
    """
    test, known = names.test, names.known
    for loc, name, key in names.named:
        if name not in known:
            best = meant(name, known)
            fix = test.document.rename(loc, name, best if best in said else None, key=key)
            message = f'the workflow "{test.spec.workflow}" has no {names.what} "{name}"'
            yield test.problem(loc, CODE, message, nearest(name, known), key=key, fix=fix)


CHECK = Check(CODE, run, each_environment=True)
