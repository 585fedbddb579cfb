"""No way leads to a step.

A step that can never run is either forgotten or missing an arrow that was meant. LangGraph would take it without a
word. Only the first step of a part that is cut off is reported.

Fix: lead to it with `next`, a `switch` or `onError`, or remove it.

Bad, where `approve` never runs:

    steps:
      - {id: draft, agent: writer, next: publish}
      - {id: approve, approval: {message: "Publish?"}}
      - {id: publish, tool: publish}

Good: without `next`, the step below follows.
"""

from collections.abc import Iterable, Iterator

from generator.model import Catalogue, Check, Declared
from generator.problems import Problem
from generator.workflows.flow import Scope, scopes


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report the first step of each part that is cut off; not where a dead target may be the cause."""
    for workflow in catalogue.all("Workflow"):
        for scope in scopes(workflow):
            if scope.nodes and not scope.dead:
                yield from _cut_off(workflow, scope)


def _cut_off(workflow: Declared, scope: Scope) -> Iterator[Problem]:
    seen = scope.reachable(0)
    for position, node in enumerate(scope.nodes):
        if position not in seen:
            seen |= scope.reachable(position)
            yield workflow.problem(
                (*node.loc, "id"),
                "unreachable-step",
                f'no way leads to the step "{node.step.id}"',
                "lead to it with `next`, a `switch` or `onError`, or remove it",
            )


CHECK = Check("unreachable-step", run, each_environment=True)
