"""The prompt of an agent reads what a step does not hand over.

`input` in a prompt is what the step that runs the agent hands over under `with`. A value that is not there fails the
step when the prompt is written, so every step that runs the agent has to hand over what its prompt reads. `state` and
`steps` are those of the workflow that runs it. Sub-agents get the same, and what the strategy of their team adds:
`input.team` (what the others answered) with `sequential`, `round_robin`, `manual` and `plan_execute`, where
`input.task` is the part of the plan. An agent reads `input.team` where it answers last itself; with `plan_execute` it
plans first, so its prompt says `{% if input.team is defined %}`.

Fix: hand it over, or correct the name in the prompt.

Bad, where the prompt says `{{ input.question }}`:

    - {id: draft, agent: writer, with: {text: "${input.question}"}}

Good: `with: {question: "${input.question}"}`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import cast

from generator.model import Catalogue, Check, Declared, beside
from generator.problems import Problem, nearest
from generator.workflows.flow import Node, Scope, scopes
from runtime.expressions import references_in_prose
from runtime.nodes.agent import AgentStep

CODE = "prompt-input"


_TO_LEAD = dict.fromkeys(("sequential", "parallel", "round_robin", "manual"), ("team",))
_TO_TEAM = {
    "sequential": ("team",), "round_robin": ("team",), "manual": ("team",), "plan_execute": ("task", "team"),
}  # fmt: skip
"""What strategies add to the `input` of the agent itself and of its sub-agents, whenever those are asked."""


@dataclass(frozen=True)
class _Use:
    """One agent at work: for which step, with which fields of `input`, and for whom."""

    workflow: Declared
    scope: Scope
    node: Node
    agent: Declared
    given: tuple[str, ...]
    above: tuple[Declared, ...] = ()


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each such read at the step."""
    told: set[tuple[str, ...]] = set()  # what the state does not have is wrong in the prompt, once for all steps
    for workflow in catalogue.all("Workflow"):
        for scope in scopes(workflow):
            for node in scope.nodes:
                if isinstance(node.step, AgentStep) and (agent := catalogue.find("Agent", node.step.agent)):
                    first = _Use(workflow, scope, node, agent, tuple(node.step.with_))
                    for use in _team(catalogue, first):
                        yield from _missing(catalogue, use, told)


def _team(catalogue: Catalogue, use: _Use) -> Iterator[_Use]:
    """Yield an agent and all that work for it, with what each is given."""
    strategy = use.agent.spec.strategy
    if strategy != "swarm":  # there the agent itself says nothing
        yield replace(use, given=(*use.given, *_TO_LEAD.get(strategy, ())))
    above = (*use.above, use.agent)
    names = {agent.name for agent in above}
    for name in use.agent.spec.sub_agents:
        below = catalogue.find("Agent", name)
        if below and name not in names:
            given = (*use.given, *_TO_TEAM.get(strategy, ()))
            yield from _team(catalogue, replace(use, agent=below, given=given, above=above))


def _missing(catalogue: Catalogue, use: _Use, told: set[tuple[str, ...]]) -> Iterator[Problem]:
    agent, workflow, node = use.agent, use.workflow, use.node
    path = beside(agent.document.file, agent.spec.instructions)
    known: dict[str, Iterable[str]] = {"input": use.given, "state": workflow.spec.state, "steps": use.scope.visible}
    for read in references_in_prose(catalogue.files.get(path, "")):
        root, *fields = read.path
        once = (agent.name, root, *fields[:1], *((workflow.name, node.step.id) if root == "input" else ()))
        if root not in known or not fields or read.tested or fields[0] in known[root] or once in told:
            continue
        told.add(once)
        who = f'the prompt of "{agent.name}"' + (f', which works for "{use.above[-1].name}",' if use.above else "")
        message = f"{who} reads `{root}.{fields[0]}`, which is not there in this step"
        handed = root == "input" and bool(cast("AgentStep", node.step).with_)
        related = ((agent.document.at(("spec", "instructions")), f"{path} is its prompt"),)
        yield workflow.problem((*node.loc, "with" if handed else "agent"), CODE, message,
                               nearest(fields[0], known[root]), key=handed, related=related)  # fmt: skip


CHECK = Check(CODE, run, each_environment=True)
