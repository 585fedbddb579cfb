"""Which branches of workflows the cases of their tests have taken.

A branch is a way out of a step: each case of a `switch` and its default, each handler of `onError`, `onExhausted`, the
step that is skipped because its `when` does not hold, and the way on after it was done.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from generator.kinds.workflow import Workflow
from generator.kinds.workflow_test import WorkflowTest
from generator.workflows.cases import Way
from runtime.contract import Step
from runtime.nodes.fail import FailStep
from runtime.nodes.switch import SwitchStep
from runtime.steps import walk


@dataclass(frozen=True)
class Branch:
    """One way out of one step."""

    step: Step
    way: str

    @property
    def name(self) -> str:
        """`decide/switch[1]`, as reports and `unreachable` name it."""
        return f"{self.step.id}/{self.way}"


@dataclass(frozen=True)
class Coverage:
    """What has been taken of one workflow."""

    workflow: Workflow
    taken: tuple[Branch, ...]
    missing: tuple[Branch, ...]
    unreachable: Mapping[str, str]
    """Branches that don't count, and why."""

    @property
    def percent(self) -> float:
        """Share of the branches that count, 0 to 100."""
        counted = len(self.taken) + len(self.missing)
        return 100 * len(self.taken) / counted if counted else 100.0


def branches(workflow: Workflow) -> tuple[Branch, ...]:
    """Return every branch of a workflow, in the order of its steps; those of its sub-workflows are theirs."""
    return tuple(Branch(step, way) for step in walk(workflow.steps) for way in ways(step))


def ways(step: Step) -> Iterator[str]:
    """Yield the ways out of a step."""
    if step.when is not None:
        yield "skipped"
    if isinstance(step, SwitchStep):
        yield from (f"switch[{number}]" for number in range(len(step.switch)))
        yield "default"
    else:
        yield "failed" if isinstance(step, FailStep) and not step.on_error else "next"
    yield from (f"onError[{number}]" for number in range(len(step.on_error)))
    if step.on_exhausted is not None:
        yield "onExhausted"


def measured(
    workflows: Iterable[Workflow], tests: Iterable[WorkflowTest], ways: frozenset[Way]
) -> tuple[Coverage, ...]:
    """Return the coverage of each workflow by the ways that were taken."""
    excused: dict[str, dict[str, str]] = {}
    for test in tests:
        excused.setdefault(test.workflow.name, {}).update(test.unreachable)
    return tuple(_measured(workflow, excused.get(workflow.name, {}), ways) for workflow in workflows)


def _measured(workflow: Workflow, unreachable: Mapping[str, str], ways: frozenset[Way]) -> Coverage:
    all_ = branches(workflow)
    taken = tuple(b for b in all_ if (workflow.name, b.step.id, b.way) in ways)
    missing = tuple(b for b in all_ if b not in taken and b.name not in unreachable)
    return Coverage(workflow, taken, missing, unreachable)


def lines(found: Iterable[Coverage]) -> Iterator[str]:
    """Yield what a person reads: a line for each workflow, and a line for each branch that is missing."""
    found = tuple(found)
    width = max((len(one.workflow.name) for one in found), default=0)
    for one in found:
        counted = len(one.taken) + len(one.missing)
        excused = f", {len(one.unreachable)} unreachable" if one.unreachable else ""
        yield f"{one.workflow.name:<{width}}  {one.percent:5.1f} %  {len(one.taken)} of {counted} branches{excused}"
        yield from (f"{'':<{width}}           missing: {branch.name}" for branch in one.missing)
