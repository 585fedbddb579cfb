"""What one run of a workflow takes at most: steps, calls of models, tokens and money, and what the numbers rest on."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from generator.model import Catalogue, Declared
from generator.workflows.bounds import bound, heaviest
from generator.workflows.flow import Node, nodes
from generator.workflows.typed import typed
from runtime.contract import Budget, Step
from runtime.nodes.agent import AgentStep
from runtime.nodes.llm import LlmStep
from runtime.nodes.workflow import WorkflowStep

REPAIRS = 2
"""How often a model is asked again for an answer that can't be used (`PARSE_RETRIES` of the runtime)."""
MICRO = 1_000_000


@dataclass(frozen=True)
class _Call:
    """The calls that one visit of a step makes itself."""

    calls: int
    """Calls at most: attempts, turns and repairs."""
    models: tuple[Declared, ...]
    budget: Budget
    """What one visit may spend."""


def lines(catalogue: Catalogue, workflow: Declared) -> Iterator[str]:
    """Yield what `apm explain workflow NAME` prints."""
    if any(name == workflow.name for name in _below(catalogue, workflow, ())):
        yield f"{workflow.name} runs itself: no run would end."
        return
    yield from _steps(catalogue, workflow)
    calls, tokens = _sum(catalogue, workflow, _calls), _sum(catalogue, workflow, _tokens)
    yield f"Calls of models: {calls} at most, with all attempts, turns and repairs, sub-workflows included."
    yield f"Tokens that models write: {tokens} at most ({calls} calls of at most `maxOutputTokens` each)."
    yield from _budget(workflow.spec.budget)
    yield from _money(catalogue, workflow)
    yield from _assumptions(catalogue, workflow)


def _steps(catalogue: Catalogue, workflow: Declared) -> Iterator[str]:
    found, time = bound(catalogue, workflow), workflow.spec.limits.timeout
    yield f"{workflow.name}, one run at most:"
    yield f"\nSteps: {_counted(catalogue, workflow)}. Time: `limits.timeout` is {time}."
    counts: dict[str, int] = {}
    for node in found.way:
        counts[node.step.id] = counts.get(node.step.id, 0) + 1
    way = ", ".join(name if times == 1 else f"{name} ({times} times)" for name, times in counts.items())
    yield f"  longest way: {way}"
    for name in dict.fromkeys(_below(catalogue, workflow, ())):
        spec = catalogue.find("Workflow", name)
        if spec:
            yield f"  {name}, each time: {_counted(catalogue, spec)}"


def _counted(catalogue: Catalogue, workflow: Declared) -> str:
    """Return the steps of a workflow at most; only its limit bounds it where nothing says how long a list can be."""
    found, limit = bound(catalogue, workflow), workflow.spec.limits.max_steps
    if found.unlisted:
        one = "each list of unknown length" if len(found.unlisted) > 1 else "a list of unknown length"
        return f"{limit}, its `limits.maxSteps`; {found.steps} with one item in {one}"
    return f"{found.steps}; `limits.maxSteps` is {limit}"


def _below(catalogue: Catalogue, workflow: Declared, above: tuple[str, ...]) -> Iterator[str]:
    """Yield the names of all workflows below one, in order; one that runs itself is not followed."""
    for node in nodes(workflow):
        if isinstance(node.step, WorkflowStep):
            name = node.step.workflow
            yield name
            spec = catalogue.find("Workflow", name)
            if spec and name not in above and name != workflow.name:
                yield from _below(catalogue, spec, (*above, workflow.name))


# --- sums over the steps of a run --------------------------------------------------------------------------------


def _sum(catalogue: Catalogue, workflow: Declared, of: Callable[[Catalogue, _Call], int]) -> int:
    """Return the largest sum on any way, sub-workflows included."""

    def weigh(node: Node) -> int:
        step = node.step
        if isinstance(step, WorkflowStep):
            spec = catalogue.find("Workflow", step.workflow)
            return _attempts(catalogue, step) * _sum(catalogue, spec, of) if spec else 0
        call = _call(catalogue, step)
        return of(catalogue, call) if call else 0

    # The step that goes through a list is one of those that a run may take, and each item takes one at least.
    return heaviest(typed(catalogue, workflow), weigh, unlisted=max(1, workflow.spec.limits.max_steps - 1))


def _call(catalogue: Catalogue, step: Step) -> _Call | None:
    if isinstance(step, AgentStep):
        agent = catalogue.find("Agent", step.agent)
        turns, models = _of_agent(catalogue, agent, ()) if agent else (0, ())
        if agent is None or not models:
            return None
        return _Call(_attempts(catalogue, step) * turns, models, agent.spec.budget)
    if isinstance(step, LlmStep):
        model = catalogue.find("Model", step.llm.model)
        turns = 1 + (REPAIRS if step.llm.json_schema else 0)
        return _Call(_attempts(catalogue, step) * turns, (model,), Budget()) if model else None
    return None


def _of_agent(catalogue: Catalogue, agent: Declared, above: tuple[str, ...]) -> tuple[int, tuple[Declared, ...]]:
    """Return how many calls a task of an agent takes at most, its team's included, and the models that are asked."""
    own = catalogue.find("Model", agent.spec.model)
    models = (own,) if own else ()
    names = [name for name in agent.spec.sub_agents if name not in (*above, agent.name)]
    below = [found for name in names if (found := catalogue.find("Agent", name))]
    parts = [_of_agent(catalogue, one, (*above, agent.name)) for one in below]
    calls = [part[0] for part in parts]
    turns = agent.spec.max_turns + REPAIRS
    most, every, rounds = max(calls, default=0), sum(calls), agent.spec.max_rounds
    team = {
        "handoff": turns + most, "router": turns + most, "sequential": turns + every, "parallel": turns + every,
        "swarm": (rounds + 1) * most, "round_robin": turns + rounds * every,
        "plan_execute": 2 * turns + rounds * most, "manual": turns + rounds * most,
    }  # fmt: skip
    return team.get(agent.spec.strategy or "", turns), (*models, *(model for part in parts for model in part[1]))


def _attempts(catalogue: Catalogue, step: Step) -> int:
    policy = catalogue.find("Resilience", step.resilience) if step.resilience else None
    retry = step.retry or (policy.spec.retry if policy else None)
    return retry.max_attempts if retry else 1


def _calls(_: Catalogue, call: _Call) -> int:
    return call.calls


def _tokens(catalogue: Catalogue, call: _Call) -> int:
    return call.calls * max(model.spec.max_output_tokens for model in _models(catalogue, call.models))


def _models(catalogue: Catalogue, models: tuple[Declared, ...]) -> list[Declared]:
    """Return models and those that stand in for them."""
    found = {model.name: model for model in models}
    queue = list(found.values())
    for one in queue:
        for name in one.spec.fallback:
            spec = catalogue.find("Model", name)
            if spec and name not in found:
                found[name] = spec
                queue.append(spec)
    return list(found.values())


# --- money -------------------------------------------------------------------------------------------------------


def _budget(budget: Budget) -> Iterator[str]:
    ends = "a person is asked" if budget.on_exceeded == "approve" else "the run fails"
    if budget.max_tokens:
        yield f"Tokens in and out: {budget.max_tokens} by `budget.maxTokens`; then {ends}."
    else:
        yield "Tokens in and out: no bound; `budget.maxTokens` would set one."


def _money(catalogue: Catalogue, workflow: Declared) -> Iterator[str]:
    budget = workflow.spec.budget
    units = sorted({unit for model in _used(catalogue, workflow, ()) for unit in _units(model)})
    written = [f"{_sum(catalogue, workflow, _priced(unit)) / MICRO:.2f} {unit}" for unit in units]
    if written:
        yield f"Cost of what models write: {' and '.join(written)} at most, by the prices of the models."
    if budget.max_cost:
        yield f"Cost in all: {budget.max_cost} by `budget.maxCost`."
    else:
        yield "Cost in all: no bound; `budget.maxCost` would set one."


def _units(model: Declared) -> list[str]:
    return [model.spec.price_out.split()[1]] if model.spec.price_out else []


def _priced(unit: str) -> Callable[[Catalogue, _Call], int]:
    """Return a function that gives millionths of a currency for the tokens that a step's models write."""

    def price(catalogue: Catalogue, call: _Call) -> int:
        costs = [
            float(model.spec.price_out.split()[0]) * model.spec.max_output_tokens
            for model in _models(catalogue, call.models)
            if unit in _units(model)
        ]
        return round(call.calls * max(costs, default=0))

    return price


def asked(catalogue: Catalogue, workflow: Declared) -> tuple[Declared, ...]:
    """Return the models that a run of a workflow can ask, its sub-workflows' too, each once."""
    return tuple({model.name: model for model in _used(catalogue, workflow, ())}.values())


def asked_by(catalogue: Catalogue, agent: Declared) -> tuple[Declared, ...]:
    """Return the models that an agent and its team can ask, each once."""
    return tuple(_models(catalogue, _of_agent(catalogue, agent, ())[1]))


def _used(catalogue: Catalogue, workflow: Declared, above: tuple[str, ...]) -> Iterator[Declared]:
    for node in nodes(workflow):
        call = _call(catalogue, node.step)
        if call:
            yield from _models(catalogue, call.models)
        elif isinstance(node.step, WorkflowStep) and node.step.workflow not in above:
            spec = catalogue.find("Workflow", node.step.workflow)
            if spec:
                yield from _used(catalogue, spec, (*above, workflow.name))


def _assumptions(catalogue: Catalogue, workflow: Declared) -> Iterator[str]:
    yield "\nThese numbers assume:"
    yield "  - the run takes the way that costs most, all attempts are needed, and every answer is as long as it may be"
    yield "  - what goes into models is bounded by the budget alone: how long prompts get depends on the data"
    yield "  - a budget is asked before each call, so the call that uses it up may go beyond it"
    free = sorted({m.name for m in _used(catalogue, workflow, ()) if not m.spec.price_out})
    if free:
        yield f"  - no price is known of {', '.join(free)}; they count as free here"
    for spec in (
        workflow,
        *(catalogue.find("Workflow", name) for name in dict.fromkeys(_below(catalogue, workflow, ()))),
    ):
        if spec:
            found = bound(catalogue, spec)
            yield from (f"  - in {spec.name}, {text}" for text in found.assumptions)
            yield from (f"  - in {spec.name}, {_unlisted(name)}" for name in dict.fromkeys(found.unlisted))


def _unlisted(step: str) -> str:
    what = "its items count as many as `limits.maxSteps` allows"
    return f"no schema says how long the list of {step} can be: {what}; `maxItems` where it comes from would say less"
