"""An expression reads a field that what it reads from does not have.

Where the form of a value is known, its fields are checked: the input by its JSON Schema, the output of an agent, a
tool or an `llm` step by theirs, the output of a sub-workflow by its `output`, and `steps.<id>` by the steps that can
be seen from here (those of the same list and of the lists around). A schema that allows additional properties says
nothing about them and is not held against an expression.

Fix: correct the name (the nearest one is suggested), or add the field to the schema.

Bad, where the agent's output schema has `verdict`:

    - {id: judge, agent: judge, save: {verdict: "${output.verdit}"}}
"""

from collections.abc import Iterable, Iterator, Sequence

from generator.model import Catalogue, Check
from generator.problems import Problem, nearest
from generator.workflows.flow import scopes
from generator.workflows.reads import Read, input_schema, known_fields, output_schema, reads, step_schema
from generator.workflows.review import reviewed

RUN = {"properties": dict.fromkeys(("id", "workflow", "environment"))}
"""What a run knows of itself."""


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each such read where it stands."""
    yield from reviewed(catalogue, "unknown-field")  # fields of state fields, and of what quality gates read
    for workflow in catalogue.all("Workflow"):
        steps = {node.step.id: node.step for scope in scopes(workflow) for node in scope.nodes}
        accepted = input_schema(catalogue, workflow)
        for read in reads(workflow, catalogue):
            match read.path:
                case ("input", *fields):
                    yield from _missing(read, accepted, "input", fields)
                case ("run", *fields):
                    yield from _missing(read, RUN, "run", fields)
                case ("output", *fields) if read.step:
                    yield from _missing(read, output_schema(catalogue, read.step), "output", fields)
                case ("steps", name, *fields) if name in read.visible:
                    yield from _missing(read, step_schema(catalogue, steps[name]), f"steps.{name}", fields)
                case ("steps", name, *_):
                    where = "can't be seen from here" if name in steps else "does not exist"
                    yield read.problem("unknown-field", f'the step "{name}" {where}', nearest(name, read.visible), 1)
                case _:
                    pass


def _missing(read: Read, schema: object, what: str, fields: Sequence[str]) -> Iterator[Problem]:
    for part, field in enumerate(fields, len(read.path) - len(fields)):
        known = known_fields(schema)
        if known is None:
            return
        if field not in known:
            never = ", so this is never there" if read.tested else ""
            yield read.problem("unknown-field", f'{what} has no field "{field}"{never}', nearest(field, known), part)
            return
        what, schema = f"{what}.{field}", known[field]


CHECK = Check("unknown-field", run, each_environment=True)
