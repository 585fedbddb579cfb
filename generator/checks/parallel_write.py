"""Branches that run at the same time write the same state field.

With the reducer `replace`, one write takes the other's place, and which one stays is not what anybody decided. The
same goes for the steps of a `forEach` that works on several items at a time: only the last item's value would stay.

Fix: give the field a reducer that joins values (`append`, `merge`, `add`, `max`, `min`), or write to different fields.

Bad:

    state: {finding: {type: string}}
    steps:
      - id: review
        parallel:
          branches:
            code: [{id: code, agent: coder, save: {finding: "${output.text}"}}]
            docs: [{id: docs, agent: writer, save: {finding: "${output.text}"}}]

Good: `state: {findings: {type: array, reducer: append}}`, and `save: {findings: "${output.text}"}` in both branches.
"""

from collections.abc import Iterable, Iterator

from generator.model import Catalogue, Check, Declared, Loc
from generator.problems import Problem
from generator.workflows.flow import Node, inside, nodes, writes_below
from runtime.nodes.for_each import ForEachStep

_HINT = "give the field a reducer such as `append`, or write to different fields"


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report the second of two writes, and point to the first."""
    for workflow in catalogue.all("Workflow"):
        for node in nodes(workflow):
            if isinstance(node.step, ForEachStep):
                yield from _of_items(workflow, node, node.step)
            else:
                yield from _of_branches(workflow, node)


def _of_branches(workflow: Declared, node: Node) -> Iterator[Problem]:
    first: dict[str, tuple[Loc, Loc]] = {}
    for branch, steps in inside(node):
        for loc, field in writes_below(steps, branch):
            before = first.setdefault(field, (branch, loc))
            if before[0] != branch and _replaced(workflow, field):
                related = ((workflow.document.key_at(before[1]), f"{before[0][-1]} writes it too"),)
                message = f'the branches {before[0][-1]} and {branch[-1]} both replace the state field "{field}"'
                yield workflow.problem(loc, "parallel-write", message, _HINT, key=True, related=related)


def _of_items(workflow: Declared, node: Node, step: ForEachStep) -> Iterator[Problem]:
    if step.for_each.max_concurrency == 1:
        return
    for body, steps in inside(node):
        for loc, field in writes_below(steps, body):
            if _replaced(workflow, field):
                message = f'all items of this forEach replace the state field "{field}"; only one value would stay'
                yield workflow.problem(loc, "parallel-write", message, _HINT, key=True)


def _replaced(workflow: Declared, field: str) -> bool:
    declared = workflow.spec.state.get(field)
    return declared is not None and declared.reducer == "replace"


CHECK = Check("parallel-write", run, each_environment=True)
