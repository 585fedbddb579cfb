"""A handler of errors can never be used, since one before it takes everything that it would take.

Of the handlers under `onError` the first that matches counts: one that stands behind `*`, or behind another one of the
same type, does nothing, whatever it says.

Fix: put the handler of any problem last, or delete the one that does nothing.

Bad: `onError: [{goto: review}, {match: timeout, goto: later}]`

Good: `onError: [{match: timeout, goto: later}, {goto: review}]`
"""

from collections.abc import Iterable, Iterator

from generator.model import Catalogue, Check, Declared
from generator.problems import Problem
from generator.workflows.flow import Node, nodes

_ANY = "*"


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each with the one that stands before it."""
    for workflow in catalogue.all("Workflow"):
        for node in nodes(workflow):
            yield from _dead(workflow, node)


def _dead(workflow: Declared, node: Node) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for index, handler in enumerate(node.step.on_error):
        before = first.get(_ANY, first.get(handler.match))
        if before is not None:
            loc = (*node.loc, "onError")
            related = ((workflow.document.at((*loc, before)), "this one comes first"),)
            message = f'this handler of "{handler.match}" is never used: an earlier one takes the same'
            hint = "put the handler of any problem last, or delete this one"
            yield workflow.problem((*loc, index), "dead-handler", message, hint, related=related)
        first.setdefault(handler.match, index)


CHECK = Check("dead-handler", run, each_environment=True)
