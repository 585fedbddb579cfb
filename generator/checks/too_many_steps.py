"""A run can take more steps than it may.

Every visit of a step counts, also one that is skipped; branches and items count for the workflow that they stand in,
sub-workflows for themselves. The longest way through the workflow is computed from `maxVisits`, the cycles, and the
`maxItems` of the lists that a `forEach` goes through; a list of which no schema says how long it can be counts with one
item, so that only what fails for certain is reported (`apm explain workflow NAME` names such lists). Where it is longer
than `limits.maxSteps`, a run that is in order fails near its end. Steps that can repeat without any bound are reported
too: a cycle through `onExhausted`, or one whose step with `maxVisits` is skipped by its `when` (a skipped visit is not
counted as one).

Fix: raise `limits.maxSteps` to the number that is told, or lower `maxVisits`. `apm explain workflow NAME` shows the
number.

Bad: `limits: {maxSteps: 10}` with five steps that `maxVisits: 3` repeats. Good: `limits: {maxSteps: 21}`.
"""

from collections.abc import Iterable

from generator.model import Catalogue, Check
from generator.problems import Problem
from generator.workflows.review import reviewed


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each, with what leads to it."""
    return reviewed(catalogue, "too-many-steps")


CHECK = Check("too-many-steps", run, each_environment=True)
