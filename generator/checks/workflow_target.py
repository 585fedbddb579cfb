"""A step is to be followed by a step that is not there.

`next`, the `then` and `default` of a `switch`, the `goto` of `onError` and `onExhausted` name the step that follows.
It has to be a step of the same list: of the workflow, of the same branch of a `parallel`, or of the same `forEach`. A
step can't jump into a branch or out of one. `end` ends the workflow, or the branch.

Fix: correct the name (the nearest one is suggested), or move the step into the list.

Bad:

    steps:
      - {id: ask, agent: helper, next: revieuw}
      - {id: review, approval: {message: "Is it good?"}}

Good:

    steps:
      - {id: ask, agent: helper, next: review}
      - {id: review, approval: {message: "Is it good?"}}
"""

from collections.abc import Iterable, Iterator

from generator.model import Catalogue, Check, Declared
from generator.problems import Problem, meant, nearest
from generator.workflows.flow import END, Scope, scopes


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each dead target where it is written."""
    for workflow in catalogue.all("Workflow"):
        found = tuple(scopes(workflow))
        for scope in found:
            yield from _dead(workflow, scope, found)


def _dead(workflow: Declared, scope: Scope, others: tuple[Scope, ...]) -> Iterator[Problem]:
    for jump in scope.dead:
        elsewhere = any(jump.target in other.positions for other in others)
        what = "stands in another list of steps" if elsewhere else "does not exist"
        known = [*scope.positions, END]
        best = None if elsewhere else meant(jump.target, known)
        yield workflow.problem(
            jump.loc,
            "workflow-target",
            f'the step "{jump.target}" {what}',
            nearest(jump.target, known) or "it has to be a step of the same list, or `end`",
            fix=workflow.document.rename(jump.loc, jump.target, best),
        )


CHECK = Check("workflow-target", run, each_environment=True)
