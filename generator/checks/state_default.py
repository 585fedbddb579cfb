"""A field of the state starts with a value, or is joined in a way, that its type does not have.

Every write is held to the declared type; the `default` is there before any write, so it has to fit too. A reducer joins
values of its kind only: `append` lists, `merge` objects, `add` numbers, `max` and `min` numbers or texts.

Fix: correct the default, the type or the reducer.

Bad: `state: {revisions: {type: integer, default: none}}`

Good: `state: {revisions: {type: integer, default: 0}}`
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from generator.model import Catalogue, Check, Declared
from generator.problems import Problem
from generator.workflows import types
from runtime.contract import Field_

CODE = "state-default"
_JOINS: Mapping[str, tuple[str, ...]] = {
    "append": ("array",),
    "merge": ("object",),
    "add": ("integer", "number"),
    "max": ("integer", "number", "string"),
    "min": ("integer", "number", "string"),
}


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each such field at its default or its reducer."""
    for workflow in catalogue.all("Workflow"):
        for name, field in workflow.spec.state.items():
            yield from _reducer(workflow, name, field)
            yield from _default(workflow, name, field)


def _reducer(workflow: Declared, name: str, field: Field_) -> Iterator[Problem]:
    joins = _JOINS.get(field.reducer)
    if joins and field.type not in (*joins, "any"):
        message = f'`{field.reducer}` joins {" or ".join(joins)}, and "{name}" is declared as {field.type}'
        yield workflow.problem(("spec", "state", name, "reducer"), CODE, message)


def _default(workflow: Declared, name: str, field: Field_) -> Iterator[Problem]:
    given: Any = field.default
    if given is None:
        return
    found, accepted = types.constant(given), types.declared(field.type)
    if not found.kinds & accepted.kinds:
        message = f'"{name}" is declared as {field.type}, and starts with {found.words()}'
        yield workflow.problem(("spec", "state", name, "default"), CODE, message)


CHECK = Check(CODE, run, each_environment=True)
