"""A comparison has the same result whatever happens.

Where a schema has an `enum`, an approval its `options`, or a workflow only ever writes certain values to a state field,
the values that can come are known, through sub-workflows too. A comparison with any other value is always false (or,
with `!=`, always true): a branch that is never taken, or a guard that lets everything through. The same goes for values
of kinds that are never equal, such as a number and a text.

Fix: correct the value (the nearest one is suggested), or let the schema say that it can come.

Bad, where the agent's output schema has `verdict: {enum: [complete, revise]}`:

    - {when: "state.verdict == 'completed'", then: end}

Good: `state.verdict == 'complete'`.
"""

from collections.abc import Iterable

from generator.model import Catalogue, Check
from generator.problems import Problem
from generator.workflows.review import reviewed


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each where it stands."""
    return reviewed(catalogue, "constant-condition")


CHECK = Check("constant-condition", run, each_environment=True)
