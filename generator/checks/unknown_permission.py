"""A permission names neither an effect nor a tool of the agent.

Permissions hold effects (`read`, `write`, `deploy`, `notify`) and names of tools that the agent has. Any other word
has no effect at all, and under `deny` that is dangerous: what was to be forbidden is not.

Fix: correct the word (the nearest one is suggested).

Bad: `permissions: {deny: [deploy-erpp]}`, where the tool is called `deploy-erp`.
"""

from collections.abc import Iterable

from generator.model import Catalogue, Check
from generator.problems import Problem, nearest

EFFECTS = ("read", "write", "deploy", "notify")
LISTS = ("allow", "ask", "deny")


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each word where it stands."""
    for agent in catalogue.all("Agent"):
        known = (*EFFECTS, *agent.spec.tools)
        for name in LISTS:
            for index, word in enumerate(getattr(agent.spec.permissions, name)):
                if word not in known:
                    message = f'"{word}" is neither an effect nor a tool of this agent'
                    loc = ("spec", "permissions", name, index)
                    yield agent.problem(loc, "unknown-permission", message, nearest(word, known))


CHECK = Check("unknown-permission", run, each_environment=True)
