"""An agent uses a memory in a way that it does not offer, or that is kept where its runtime does not look.

`memory` of an agent names sections that it may search (`read`) and write to (`write`). Entries are kept in the store of
the runtime that executes the agent; the `store` of the memory has to be that one, or its backup would cover another.

Fix: correct the name of the section, write `read` or `write`, or name the store of the runtime.

Bad: `memory: {name: bank, read: [decisons]}`

Good: `memory: {name: bank, read: [decisions], write: [decisions], recall: 3}`
"""

from collections.abc import Iterable, Iterator

from generator.model import Catalogue, Check, Declared
from generator.problems import Problem, nearest
from generator.workflows.flow import calls, nodes
from generator.workflows.teams import chains
from runtime.nodes.agent import AgentStep

_CODE = "memory-use"


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each where it stands."""
    for agent in catalogue.all("Agent"):
        memory = catalogue.find("Memory", agent.spec.memory.name) if agent.spec.memory else None
        if memory:
            yield from _sections(agent, memory)
    for runtime in catalogue.all("Runtime"):
        yield from _stores(catalogue, runtime)


def _sections(agent: Declared, memory: Declared) -> Iterator[Problem]:
    use = agent.spec.memory
    if not use.read and not use.write:
        yield agent.problem(("spec", "memory"), _CODE, "it is neither read nor written", "write `read` or `write`")
    for right in ("read", "write"):
        for index, name in enumerate(getattr(use, right)):
            if name not in memory.spec.sections:
                message = f'the memory "{memory.name}" has no section "{name}"'
                loc = ("spec", "memory", right, index)
                yield agent.problem(loc, _CODE, message, nearest(name, memory.spec.sections))


def _stores(catalogue: Catalogue, runtime: Declared) -> Iterator[Problem]:
    names, stores = _agents(catalogue, runtime), catalogue.names("StateStore")
    used = {a.spec.memory.name for n in names if (a := catalogue.find("Agent", n)) and a.spec.memory}
    for name in sorted(used):
        memory = catalogue.find("Memory", name)
        store = runtime.spec.state_store
        if memory and memory.spec.store != store and {memory.spec.store, store} <= {*stores}:
            message = f'the runtime "{runtime.name}" keeps it in the store "{store}"'
            related = ((runtime.document.at(("spec", "stateStore")), "its store"),)
            yield memory.problem(("spec", "store"), _CODE, message, f"write {store}", related=related)


def _agents(catalogue: Catalogue, runtime: Declared) -> set[str]:
    """Return the agents of the workflows that a runtime serves, their teams included."""
    below = calls(catalogue)
    workflows = list(runtime.spec.workflows)
    for name in workflows:
        workflows += [other for other in below.get(name, ()) if other not in workflows]
    specs = (catalogue.find("Workflow", name) for name in workflows)
    steps = (node.step for spec in specs if spec for node in nodes(spec))
    direct = {step.agent for step in steps if isinstance(step, AgentStep)}
    return direct | {chain[-1].name for name in direct for chain in chains(catalogue, name)}


CHECK = Check(_CODE, run, each_environment=True)
