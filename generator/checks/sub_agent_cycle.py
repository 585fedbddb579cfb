"""An agent works for itself, directly or through others.

`subAgents` do parts of the task of an agent. Where the chain comes back to its beginning, a task could be handed round
without end.

Fix: take one of the names away. Agents that hand over to each other are a `swarm` of an agent above both.

Bad: `planner` has `subAgents: [critic]` and `critic` has `subAgents: [planner]`.

Good: `lead` has `subAgents: [planner, critic]` and `strategy: swarm`.
"""

from collections.abc import Iterable

from generator.model import Catalogue, Check
from generator.problems import Problem
from generator.workflows.teams import Link, links


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each group of agents that work for each other once, at its first agent by name."""
    reported: set[str] = set()
    for agent in catalogue.all("Agent"):
        chain = () if agent.name in reported else _back(catalogue, agent.name)
        if chain:
            reported.update(link.above.name for link in chain)
            first, *others = chain
            names = " lets ".join([link.above.name for link in chain] + [agent.name])
            related = [(link.place, f"{link.above.name} lets {link.name} work for it") for link in others]
            message = f"a task could be handed round without end: {names} work for it"
            hint = "take a name away, or make a `swarm` of an agent above them"
            yield agent.problem(("spec", "subAgents", first.index), "sub-agent-cycle", message, hint, related=related)


def _back(catalogue: Catalogue, start: str) -> tuple[Link, ...]:
    """Return the shortest chain from an agent to itself; nothing if there is none."""
    queue: list[tuple[Link, ...]] = [(link,) for link in links(catalogue, start)]
    seen: set[str] = set()
    for chain in queue:
        name = chain[-1].name
        if name == start:
            return chain
        if name not in seen:
            seen.add(name)
            queue += [(*chain, link) for link in links(catalogue, name)]
    return ()


CHECK = Check("sub-agent-cycle", run, each_environment=True)
