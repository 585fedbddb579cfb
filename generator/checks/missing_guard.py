"""Data that need not be there is read without asking for it.

A field that a schema does not list under `required` may be missing, and one whose type includes `null` may be null. CEL
fails where such a value is used, and with it the step. What a condition has tested counts from there on: in the other
side of its `&&` or `||`, in the branch of `a ? b : c`, in the step whose `when` it is, and on the way that a `switch`
takes because of it, until something else is written.

Fix: test it with `has()` or against `null`, or require it in the schema.

Bad, where `batchId` is not required:

    with: {batch: "${input.batchId}"}

Good: `with: {batch: "${has(input.batchId) ? input.batchId : ''}"}`.
"""

from collections.abc import Iterable

from generator.model import Catalogue, Check
from generator.problems import Problem
from generator.workflows.review import reviewed


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each where it stands."""
    return reviewed(catalogue, "missing-guard")


CHECK = Check("missing-guard", run, each_environment=True)
