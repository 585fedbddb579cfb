"""The steps under `compensate` can't undo what they stand at, or can't be run when a run has failed.

`compensate` says what undoes a step that has succeeded. It is run when the run has failed, timed out or was cancelled,
after everything else: nobody is there to answer, and nothing reads the state any more. So it stands only at steps that
change something outside, and holds no step that waits (`approval`, `ask`, `wait`, `listen`, `workflow`, and `agent`,
which may ask for permission), none that writes the state, and none that would itself have to be undone.

Fix: undo the effect where it is made, with a tool, a request or a function.

Bad:

    - id: book
      tool: book-slot
      compensate: [{id: ask, approval: {message: "Cancel the slot?", timeout: 1h, onTimeout: accept}}]

Good:

    - id: book
      tool: book-slot
      compensate: [{id: cancel, tool: cancel-slot, with: {slot: "${steps.book.output.slot}"}}]
"""

from collections.abc import Iterable, Iterator

from generator.model import Catalogue, Check, Declared, Loc
from generator.problems import Problem
from generator.workflows.effects import harmless
from generator.workflows.flow import Node, nodes
from runtime.nodes.set import SetStep
from runtime.steps import NODES, name_of

CODE = "compensation"


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each where it stands."""
    for workflow in catalogue.all("Workflow"):
        undoing = [(*node.loc, "compensate") for node in nodes(workflow) if node.step.compensate]
        for node in nodes(workflow):
            if node.step.compensate:
                yield from _useless(catalogue, workflow, node)
            if any(_within(node.loc, loc) for loc in undoing):
                yield from _unfit(workflow, node)


def _within(loc: Loc, outer: Loc) -> bool:
    return loc[: len(outer)] == outer


def _useless(catalogue: Catalogue, workflow: Declared, node: Node) -> Iterator[Problem]:
    if why := harmless(catalogue, node.step):
        message = f"there is nothing to undo: {why}"
        yield workflow.problem((*node.loc, "compensate"), CODE, message, "take `compensate` away", key=True)


def _unfit(workflow: Declared, node: Node) -> Iterator[Problem]:
    step, verb = node.step, name_of(node.step)
    if NODES[verb].needs.waits:
        message, hint = f"`{verb}` may wait, and a compensation can't", "use a tool, a request or a function"
        yield workflow.problem((*node.loc, verb), CODE, message, hint, key=True)
    key = "save" if step.save else "set" if isinstance(step, SetStep) else ""
    if key:
        message = "a compensation writes the state, which nothing reads any more"
        yield workflow.problem((*node.loc, key), CODE, message, "read `steps.<id>.output` instead", key=True)
    if step.compensate:
        message = "what undoes a step can't be undone itself"
        yield workflow.problem((*node.loc, "compensate"), CODE, message, "take it away", key=True)


CHECK = Check(CODE, run, each_environment=True)
