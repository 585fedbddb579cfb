"""Something may spend more than the pot that it spends from.

A budget is one pot: what an agent, its sub-agents or a sub-workflow spend comes out of the budgets of all above too,
and what a run spends out of that of the day. A larger budget below never counts; the one above ends it first, in the
middle of the work. There is no rate between currencies, so budgets of one pot are in the same one.

Branches, and the items of a list whose length is known, that may spend more together than the workflow are a warning:
whoever spends last may be cut off. Steps that follow each other, and cycles, are not added up: nobody means them to use
all that they may. Steps are not added up either: a sub-workflow has `maxSteps` of its own.

Fix: lower the budget below, or raise the one above; give all of them in one currency.

Bad: a workflow with `budget: {maxTokens: 20000}` runs an agent with `budget: {maxTokens: 50000}`.

Good: `budget: {maxTokens: 60000}` for the workflow.
"""

from collections.abc import Iterable

from generator.model import Catalogue, Check
from generator.problems import Problem
from generator.workflows.budgets import CODE, problems
from generator.workflows.flow import scopes


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each where it stands."""
    for agent in catalogue.all("Agent"):
        yield from problems(catalogue, agent)
    for workflow in catalogue.all("Workflow"):
        if not any(scope.dead for scope in scopes(workflow)):  # what follows from that is not told
            yield from problems(catalogue, workflow)


CHECK = Check(CODE, run, each_environment=True)
