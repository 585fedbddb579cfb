"""An agent is given a tool that its permissions do not let it use.

Every tool has an effect: `read`, `write`, `deploy` or `notify`. An agent's `permissions` say, by effect or by name of
a tool, what it may do (`allow`), what a person has to confirm (`ask`) and what it may never do (`deny`, which wins).
A tool outside of `allow` and `ask` would be refused at every call.

Fix: take the tool away from the agent, or allow it, if that is really meant.

Bad:

    tools: [search, create-order]         # create-order has the effect write
    permissions: {allow: [read]}

Good:

    tools: [search, create-order]
    permissions: {allow: [read], ask: [create-order]}
"""

from collections.abc import Iterable, Iterator

from generator.model import Catalogue, Check, Declared
from generator.problems import Problem
from generator.workflows.permissions import entry_for, granted


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each tool where the agent names it."""
    for agent in catalogue.all("Agent"):
        for index, name in enumerate(agent.spec.tools):
            tool = catalogue.find("Tool", name)
            if tool is not None:
                yield from _refused(agent, index, name, tool.spec.effect)


def _refused(agent: Declared, index: int, name: str, effect: str) -> Iterator[Problem]:
    rights = agent.spec.permissions
    if granted(rights, name, effect) != "deny":
        return
    denied = entry_for(rights.deny, name, effect)
    allowed = ", ".join(entry if isinstance(entry, str) else entry.tool for entry in rights.allow)
    why = f"denies {denied}" if denied else f"allows {allowed or 'nothing'}"
    related = ()
    if agent.spec.permissions.model_fields_set:
        related = ((agent.document.key_at(("spec", "permissions")), "its permissions"),)
    yield agent.problem(
        ("spec", "tools", index),
        "agent-effects",
        f'the tool "{name}" has the effect {effect}, but the agent {why}',
        f"take the tool away, or put {name} under `allow` or `ask`" if not denied else "take the tool away",
        related=related,
    )


CHECK = Check("agent-effects", run, each_environment=True)
