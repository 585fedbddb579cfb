"""A step writes or an expression reads a field that the workflow's state does not have.

All fields that steps share are declared under `state`, with type and reducer. A misspelt name would otherwise be
dropped (LangGraph ignores unknown state keys) or fail the run where it is read.

Fix: correct the name (the nearest one is suggested), or declare the field.

Bad:

    state: {verdict: {type: string}}
    steps:
      - {id: judge, agent: judge, save: {verdict: "${output.verdict}"}}
      - {id: decide, switch: [{when: "state.verdickt == 'ok'", then: end}], default: judge, maxVisits: 3}

Good: `state.verdict` in both places.
"""

from collections.abc import Iterable, Iterator

from generator.model import Catalogue, Check, Declared
from generator.problems import Problem, nearest
from generator.workflows.flow import nodes, writes
from generator.workflows.reads import reads


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each such write and read where it stands."""
    for workflow in catalogue.all("Workflow"):
        yield from _writes(workflow)
        yield from _reads(catalogue, workflow)


def _writes(workflow: Declared) -> Iterator[Problem]:
    state = workflow.spec.state
    for node in nodes(workflow):
        for loc, field in writes(node):
            if field not in state:
                hint = nearest(field, state) or "declare it under `state`"
                message = f'the state has no field "{field}"'
                yield workflow.problem(loc, "unknown-state-field", message, hint, key=True)


def _reads(catalogue: Catalogue, workflow: Declared) -> Iterator[Problem]:
    state = workflow.spec.state
    for read in reads(workflow, catalogue):
        root, *fields = read.path
        if root == "state" and fields and fields[0] not in state:
            hint = nearest(fields[0], state) or "declare it under `state`"
            yield read.problem("unknown-state-field", f'the state has no field "{fields[0]}"', hint, part=1)


CHECK = Check("unknown-state-field", run, each_environment=True)
