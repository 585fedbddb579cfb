"""Bounds that a run would break before it ends: steps, and budgets that are larger than the one around."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, cast

from generator.model import Catalogue, Declared, Loc
from generator.problems import Place, Problem
from generator.workflows.bounds import bound
from generator.workflows.flow import nodes
from generator.workflows.witness import related, visited
from runtime.contract import Budget, Step
from runtime.nodes.agent import AgentStep
from runtime.nodes.workflow import WorkflowStep

STEPS, BUDGET = "too-many-steps", "nested-budget"


def problems(catalogue: Catalogue, workflow: Declared) -> Iterator[Problem]:
    """Yield each bound that does not hold."""
    yield from _steps(catalogue, workflow)
    for node in nodes(workflow):
        child = _child(catalogue, node.step)
        if child is not None:
            key, spec = child
            yield from _budgets(workflow, (*node.loc, key), spec)


def _steps(catalogue: Catalogue, workflow: Declared) -> Iterator[Problem]:
    found, limit = bound(catalogue, workflow), workflow.spec.limits.max_steps
    if found.endless:
        names = ", ".join(node.step.id for node in found.endless)
        message = f"the steps {names} can repeat for ever"
        hint = "lead out of the cycle with `onExhausted`; a visit that `when` skips does not count for `maxVisits`"
        around = related(workflow, [(node, "") for node in found.endless])
        yield workflow.problem((*found.endless[0].loc, "id"), STEPS, message, hint, related=around)
    elif found.steps > limit:
        message = f"the longest way takes {found.steps} steps, and `maxSteps` is {limit}"
        hint = f"set `limits.maxSteps` to {found.steps} or more, or lower `maxVisits`"
        loc = written(workflow, ("spec", "limits", "maxSteps"))
        yield workflow.problem(loc, STEPS, message, hint, related=visited(workflow, found.way))


def written(workflow: Declared, loc: Loc) -> Loc:
    """Return a place, or the name of the workflow where nothing is written there."""
    value: Any = workflow.document.value
    for part in loc:
        if not isinstance(value, Mapping) or part not in value:
            return ("metadata", "name")
        value = cast("Mapping[Any, Any]", value)[part]
    return loc


def _child(catalogue: Catalogue, step: Step) -> tuple[str, Declared] | None:
    if isinstance(step, WorkflowStep):
        key, spec = "workflow", catalogue.find("Workflow", step.workflow)
    elif isinstance(step, AgentStep):
        key, spec = "agent", catalogue.find("Agent", step.agent)
    else:
        return None
    return (key, spec) if spec else None


def _budgets(workflow: Declared, loc: Loc, child: Declared) -> Iterator[Problem]:
    own, below = workflow.spec.budget, child.spec.budget
    for field, words, hint in (*_larger(own, below), *_foreign(own, below)):
        there = child.document.at(("spec", "budget", field))
        here = workflow.document.at(("spec", "budget", field))
        places: tuple[tuple[Place, str], ...] = ((there, "its budget"), (here, "the budget of this workflow"))
        yield workflow.problem(loc, BUDGET, f'"{child.name}" {words}', hint, related=places)


def _larger(own: Budget, below: Budget) -> Iterator[tuple[str, str, str]]:
    """Yield field, what is wrong and what to do where a budget is larger than the one around it."""
    hint = "lower its budget, or raise this one"
    if own.max_tokens and below.max_tokens and below.max_tokens > own.max_tokens:
        yield "maxTokens", f"may spend {below.max_tokens} tokens, and this workflow only {own.max_tokens}", hint
    if own.max_cost and below.max_cost:
        (have, unit), (want, other) = own.max_cost.split(), below.max_cost.split()
        if unit == other and Decimal(want) > Decimal(have):
            yield "maxCost", f"may spend {below.max_cost}, and this workflow only {own.max_cost}", hint


def _foreign(own: Budget, below: Budget) -> Iterator[tuple[str, str, str]]:
    """Yield the same where budgets are in different currencies: there is no rate between them."""
    units = [budget.max_cost.split()[1] for budget in (own, below) if budget.max_cost]
    if len(set(units)) == 2:
        words = f"has a budget in {units[1]}, and this workflow in {units[0]}: they can't be compared or added up"
        yield "maxCost", words, "give all budgets and prices in one currency"
