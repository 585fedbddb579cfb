"""Something may take longer than what it is part of.

A run ends at `limits.timeout`, a step at its `timeout`. A step, a wait for a person, an event or a time, a tool or a
sub-workflow with a longer time is cut off before its own time has passed: its `onTimeout` never counts, and the failure
names the wrong cause. `limits.timeout` is 1h where nothing is written.

Fix: shorten the time inside, or lengthen the one around it.

Bad: `limits: {timeout: 12h}` and an approval with `timeout: 24h`.

Good: `limits: {timeout: 48h}`.
"""

from collections.abc import Iterable

from generator.model import Catalogue, Check
from generator.problems import Problem
from generator.workflows.review import reviewed


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each where it stands."""
    return reviewed(catalogue, "nested-timeout")


CHECK = Check("nested-timeout", run, each_environment=True)
