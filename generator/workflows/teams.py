"""Which agents work for which."""

from collections.abc import Iterator
from dataclasses import dataclass

from generator.model import Catalogue, Declared
from generator.problems import Place


@dataclass(frozen=True)
class Link:
    """One agent that works for another."""

    above: Declared
    index: int
    name: str

    @property
    def place(self) -> Place:
        """Where it is written."""
        return self.above.document.at(("spec", "subAgents", self.index))


def links(catalogue: Catalogue, name: str) -> Iterator[Link]:
    """Yield the sub-agents of an agent."""
    agent = catalogue.find("Agent", name)
    for index, below in enumerate(agent.spec.sub_agents if agent else ()):
        assert agent
        yield Link(agent, index, below)


def chains(catalogue: Catalogue, name: str) -> Iterator[tuple[Link, ...]]:
    """Yield a shortest chain to each agent below one."""
    seen = {name}
    queue = [(link,) for link in links(catalogue, name)]
    for chain in queue:
        below = chain[-1].name
        if below not in seen:
            seen.add(below)
            yield chain
            queue += [(*chain, link) for link in links(catalogue, below)]
