"""A case of a switch is never taken, because of the cases before it.

Cases are tried in order and the first that holds counts. One that repeats an earlier condition, that follows one that
always holds, or whose values earlier cases take already is never reached: somebody meant something else by it. Values
that only `default` takes are fine.

Fix: remove the case, move it up, or correct its condition.

Bad:

    switch:
      - {when: "state.verdict in ['plan', 'design']", then: plan}
      - {when: "state.verdict == 'design'", then: design}

Good: `state.verdict == 'plan'` in the first case.
"""

from collections.abc import Iterable

from generator.model import Catalogue, Check
from generator.problems import Problem
from generator.workflows.review import reviewed


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each, with what leads to it."""
    return reviewed(catalogue, "switch-case")


CHECK = Check("switch-case", run, each_environment=True)
