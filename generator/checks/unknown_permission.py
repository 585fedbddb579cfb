"""A permission names neither an effect nor a tool of the agent.

Permissions hold effects (`read`, `write`, `deploy`, `notify`), tools that the agent or its sub-agents have, and
patterns of them (`file-*`). Any other word has no effect at all, and under `deny` that is dangerous: what was to be
forbidden is not.

Fix: correct the word (the nearest one is suggested).

Bad: `permissions: {deny: [deploy-erpp]}`, where the tool is called `deploy-erp`.
"""

from collections.abc import Iterable, Iterator

from generator.model import Catalogue, Check, Declared
from generator.problems import Problem, nearest
from generator.workflows.permissions import is_known
from generator.workflows.teams import chains

EFFECTS = ("read", "write", "deploy", "notify")
LISTS = ("allow", "ask", "deny")


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each word where it stands."""
    for agent in catalogue.all("Agent"):
        for name in LISTS:
            yield from _of_list(catalogue, agent, name)


def _of_list(catalogue: Catalogue, agent: Declared, name: str) -> Iterator[Problem]:
    below = (catalogue.find("Agent", chain[-1].name) for chain in chains(catalogue, agent.name))
    tools = [*agent.spec.tools, *(tool for one in below if one for tool in one.spec.tools)]
    for index, entry in enumerate(getattr(agent.spec.permissions, name)):
        if not is_known(entry, tools, EFFECTS):
            loc = ("spec", "permissions", name, index)
            word, loc = (entry, loc) if isinstance(entry, str) else (entry.tool, (*loc, "tool"))
            message = f'"{word}" is neither an effect nor a tool of this agent'
            yield agent.problem(loc, "unknown-permission", message, nearest(word, (*EFFECTS, *tools)))


CHECK = Check("unknown-permission", run, each_environment=True)
