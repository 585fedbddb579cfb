"""Two steps of one workflow have the same id.

An id names a step in `next` and `switch`, in expressions (`steps.<id>`), in the records of runs and in metrics. It
has to be unique in the whole workflow, branches of `parallel` and bodies of `forEach` included. `end` is no id: it
stands for the end of the workflow.

Fix: rename one of the two.

Bad:

    steps:
      - {id: check, tool: lint}
      - {id: check, tool: test}

Good:

    steps:
      - {id: lint, tool: lint}
      - {id: test, tool: test}
"""

from collections.abc import Iterable, Iterator

from generator.model import Catalogue, Check, Declared
from generator.problems import Problem
from generator.workflows.flow import END, Node, nodes


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report the second of two steps, and point to the first."""
    for workflow in catalogue.all("Workflow"):
        yield from _in(workflow)


def _in(workflow: Declared) -> Iterator[Problem]:
    first: dict[str, Node] = {}
    for node in nodes(workflow):
        loc = (*node.loc, "id")
        before = first.setdefault(node.step.id, node)
        if node.step.id == END:
            message = f'a step can\'t be called "{END}": that stands for the end of the workflow'
            yield workflow.problem(loc, "duplicate-step", message, "rename it")
        elif before is not node:
            related = ((workflow.document.at((*before.loc, "id")), "the first one"),)
            message = f'there is a step "{node.step.id}" in this workflow already'
            yield workflow.problem(loc, "duplicate-step", message, "rename one of the two", related=related)


CHECK = Check("duplicate-step", run, each_environment=True)
