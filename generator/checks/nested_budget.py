"""An agent or a sub-workflow may spend more than the workflow that it works for.

A budget is one pot: what an agent or a sub-workflow spends comes out of the workflow's budget too. A larger budget
below never counts; the workflow's ends it first, in the middle of the work. There is no rate between currencies, so
budgets of one pot are in the same one.

Fix: lower the budget below, or raise the one above; give all of them in one currency.

Bad: a workflow with `budget: {maxTokens: 20000}` runs an agent with `budget: {maxTokens: 50000}`.

Good: `budget: {maxTokens: 60000}` for the workflow.
"""

from collections.abc import Iterable

from generator.model import Catalogue, Check
from generator.problems import Problem
from generator.workflows.review import reviewed


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each where it stands."""
    return reviewed(catalogue, "nested-budget")


CHECK = Check("nested-budget", run, each_environment=True)
