"""A sub-agent is given a tool that the agent above it may not use.

What an agent does through its team is what it does itself: of all permissions on the way, the strictest counts. A tool
that an agent above does not allow, by effect, name or pattern, would be refused at every call. The agent above need not
have the tool itself; its permissions have to allow it.

Fix: allow the tool above too, if that is really meant, or take it away below.

Bad: `boss` has `subAgents: [clerk]` and `permissions: {allow: [read]}`; `clerk` has `tools: [order]`, which writes.

Good: `boss` has `permissions: {allow: [read], ask: [order]}`: then a person is asked, whatever `clerk` says.
"""

from collections.abc import Iterable, Iterator

from generator.model import Catalogue, Check, Declared
from generator.problems import Problem
from generator.workflows.permissions import granted
from generator.workflows.teams import Link, chains

_CODE = "team-effects"


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each tool once for the agent that refuses it, with the way from there to the tool."""
    for agent in catalogue.all("Agent"):
        reported: set[str] = set()
        for chain in chains(catalogue, agent.name):
            yield from _of(catalogue, agent, chain, reported)


def _of(catalogue: Catalogue, agent: Declared, chain: tuple[Link, ...], reported: set[str]) -> Iterator[Problem]:
    below = catalogue.find("Agent", chain[-1].name)
    for index, name in enumerate(below.spec.tools if below else ()):
        tool = catalogue.find("Tool", name)
        if below is None or tool is None or name in reported:
            continue
        effect = tool.spec.effect
        if granted(below.spec.permissions, name, effect) == "deny":
            continue  # it may not use it anyway; that is reported for itself
        if granted(agent.spec.permissions, name, effect) == "deny":
            reported.add(name)
            way = [(link.place, f"{link.above.name} lets {link.name} work for it") for link in chain[1:]]
            place = (below.document.at(("spec", "tools", index)), f"{below.name} has the tool {name} ({effect})")
            message = f'"{below.name}" could use "{name}" ({effect}) for "{agent.name}", which may not do that itself'
            hint = f"allow {name} here too, or take it away from {below.name}"
            loc = ("spec", "subAgents", chain[0].index)
            yield agent.problem(loc, _CODE, message, hint, related=(*way, place))


CHECK = Check(_CODE, run, each_environment=True)
