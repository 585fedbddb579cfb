"""Budgets that don't fit the pot they come out of: one that is larger, and branches that need more together."""

from collections.abc import Iterator
from decimal import Decimal

from generator.model import Catalogue, Declared, Loc
from generator.problems import Place, Problem
from generator.workflows.bounds import heaviest
from generator.workflows.flow import Node, inside, nodes, scopes
from generator.workflows.typed import Typed, typed
from generator.workflows.witness import place
from runtime.contract import Budget, DayBudget
from runtime.nodes.agent import AgentStep
from runtime.nodes.for_each import ForEachStep
from runtime.nodes.parallel import ParallelStep
from runtime.nodes.workflow import WorkflowStep

CODE = "nested-budget"
_FIELDS = ("maxTokens", "maxCost")
_LOWER = "lower its budget, or raise this one"
Chain = tuple[tuple[Declared, Loc, Declared], ...]
"""Who works for whom: the spec above, where it says so, and the one below."""
Amount = tuple[int, str]
"""Tokens, or ten-thousandths of a currency, and the unit."""


def problems(catalogue: Catalogue, above: Declared) -> Iterator[Problem]:
    """Yield each budget below a workflow or an agent that its own can't hold, and the day's that can't hold its own."""
    for field in _FIELDS:
        have = _amount(above.spec.budget, field)
        if have:
            yield from _day(above, field, have)
            for chain in _chains(catalogue, above, field):
                yield from _larger(chain, field, have)
            if above.kind == "Workflow":
                yield from _together(typed(catalogue, above), field, have)


def _amount(budget: Budget | DayBudget, field: str) -> Amount | None:
    if field == "maxTokens":
        return (budget.max_tokens, "tokens") if budget.max_tokens else None
    if not budget.max_cost:
        return None
    number, unit = budget.max_cost.split()
    return int(Decimal(number) * 10_000), unit


def _words(amount: Amount) -> str:
    number, unit = amount
    return f"{number} tokens" if unit == "tokens" else f"{Decimal(number) / 10_000:.2f} {unit}"


def _written(spec: Declared, field: str) -> str:
    """Return a budget as it is written, with its unit."""
    value = spec.document.value["spec"]["budget"][field]
    return f"{value} tokens" if field == "maxTokens" else str(value)


def _children(catalogue: Catalogue, above: Declared) -> Iterator[tuple[Declared, Loc, Declared]]:
    if above.kind == "Agent":
        found = [(("spec", "subAgents", n), "Agent", name) for n, name in enumerate(above.spec.sub_agents)]
    else:
        steps = [(node.loc, node.step) for node in nodes(above)]
        found = [((*loc, "agent"), "Agent", step.agent) for loc, step in steps if isinstance(step, AgentStep)]
        found += [((*loc, "workflow"), "Workflow", s.workflow) for loc, s in steps if isinstance(s, WorkflowStep)]
    for loc, kind, name in found:
        if below := catalogue.find(kind, name):
            yield above, loc, below


def _chains(catalogue: Catalogue, above: Declared, field: str) -> Iterator[Chain]:
    """Yield the way to each nearest budget below; what is between has none of its own."""
    for first in _children(catalogue, above):
        queue: list[Chain] = [(first,)]
        seen = {(above.kind, above.name)}
        for chain in queue:
            below = chain[-1][2]
            if (below.kind, below.name) in seen:
                continue
            seen.add((below.kind, below.name))
            if _amount(below.spec.budget, field):
                yield chain
            else:
                queue += [(*chain, link) for link in _children(catalogue, below)]


def _larger(chain: Chain, field: str, have: Amount) -> Iterator[Problem]:
    above, loc, _ = chain[0]
    below = chain[-1][2]
    this, want = f"this {above.kind.lower()}", _amount(below.spec.budget, field)
    assert want
    if want[1] != have[1]:
        words = f"has a budget in {want[1]}, and {this} in {have[1]}: they can't be compared or added up"
        hint = "give all budgets and prices in one currency"
    elif want[0] > have[0]:
        words, hint = f"may spend {_written(below, field)}, and {this} only {_plain(above, field)}", _LOWER
    else:
        return
    between = [(spec.document.at(at), f"{spec.name} runs {one.name}") for spec, at, one in chain[1:]]
    places = [(_place(below, field), "its budget"), (_place(above, field), f"the budget of {this}"), *between]
    yield above.problem(loc, CODE, f'"{below.name}" {words}', hint, related=places)


def _plain(spec: Declared, field: str) -> str:
    return _written(spec, field).removesuffix(" tokens")


def _place(spec: Declared, *field: str) -> Place:
    return spec.document.at(("spec", "budget", *field))


def _day(workflow: Declared, field: str, own: Amount) -> Iterator[Problem]:
    day: DayBudget | None = getattr(workflow.spec.budget, "per_day", None)
    pot = _amount(day, field) if day else None
    if pot and pot[1] == own[1] and own[0] > pot[0]:
        message = f"a run may spend {_written(workflow, field)}, and all runs of a day only {_words(pot)}"
        related = ((_place(workflow, "perDay", field), "the budget of a day"),)
        hint = "lower this budget, or raise that of the day"
        yield workflow.problem(("spec", "budget", field), CODE, message, hint, related=related)


# --- at the same time ---------------------------------------------------------------------------------------------


def _together(types: Typed, field: str, have: Amount) -> Iterator[Problem]:
    """Yield what runs at the same time, or for each item, and may spend more in all; the innermost such step."""
    told: list[Loc] = []
    for node in reversed(list(nodes(types.workflow))):
        times = _times(types, node)
        if times is None or any(loc[: len(node.loc)] == node.loc for loc in told):
            continue
        each = sum(_most(types, field, have[1], loc) for loc, _ in inside(node))
        if times * each > have[0]:
            told.append(node.loc)
            yield _warning(types, node, field, (times * each, have[1]))


def _times(types: Typed, node: Node) -> int | None:
    """Return how often the steps inside of a step run; None where it is not of this sort, or nothing says so."""
    if isinstance(node.step, ParallelStep):
        return 1
    return types.listed(node).max_items if isinstance(node.step, ForEachStep) else None


def _most(types: Typed, field: str, unit: str, loc: Loc | None = None, above: tuple[str, ...] = ()) -> int:
    """Return what the budgets on any way through a list of steps come to at most."""
    scope = next((one for one in scopes(types.workflow) if one.loc == loc), None)
    return heaviest(types, lambda node: _weight(types, field, unit, node, above), scope)


def _weight(types: Typed, field: str, unit: str, node: Node, above: tuple[str, ...] = ()) -> int:
    """Return what a step itself may spend by the budget of what it runs, or of what is below that."""
    below = _child(types.catalogue, node)
    if below is None or below.name in above:
        return 0
    own = _amount(below.spec.budget, field)
    if own:
        return own[0] if own[1] == unit else 0
    names = (*above, types.workflow.name)
    return _most(typed(types.catalogue, below), field, unit, None, names) if below.kind == "Workflow" else 0


def _child(catalogue: Catalogue, node: Node) -> Declared | None:
    if isinstance(node.step, AgentStep):
        return catalogue.find("Agent", node.step.agent)
    return catalogue.find("Workflow", node.step.workflow) if isinstance(node.step, WorkflowStep) else None


def _warning(types: Typed, node: Node, field: str, sum_: Amount) -> Problem:
    workflow = types.workflow
    key, what = ("parallel", "the branches") if isinstance(node.step, ParallelStep) else ("forEach", "the items")
    within = [other for other in nodes(workflow) if other.loc[: len(node.loc)] == node.loc]
    spent = [(one, amount) for one in within if (amount := _weight(types, field, sum_[1], one))]
    places = [(place(workflow, one), f"{one.step.id} may spend {_words((amount, sum_[1]))}") for one, amount in spent]
    message = f"{what} may spend {_words(sum_)} together, and this workflow only {_plain(workflow, field)}"
    places.append((_place(workflow, field), "the budget of this workflow"))
    hint = "raise the budget, or lower those inside: whoever spends last may be cut off"
    return workflow.problem(
        (*node.loc, key), CODE, message, hint, key=True, severity="warning", related=places
    )  # fmt: skip
