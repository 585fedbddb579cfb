"""Nothing uses a spec.

An agent that no step runs, a tool, model, memory or resilience policy that nothing names, and a workflow that no
Runtime serves and no other workflow runs have no effect. Either they are left over, or a line is missing that names
them. Tests don't count as use, and of what only an unused spec uses nothing is said: one line may change it all. This
is a warning: the other side may be on its way. Copies of other repositories may hold more than is used here.

Fix: name it where it is meant to be used, or remove it. What shall stay can have a `Waiver`.

Bad: an agent `critic`, and no workflow with a step `agent: critic`.

Good: `{id: judge, agent: critic}` in a workflow that `workflows` of a Runtime lists.
"""

from collections.abc import Iterable, Iterator

from generator.model import Catalogue, Check, Declared
from generator.problems import Problem
from generator.references import references, strings
from generator.rules.waivers import Waivers
from generator.vendoring import VENDOR

CODE = "unused-spec"
_HINTS = {
    "Workflow": "list it under `workflows` of a Runtime, or run it from another workflow",
    "Agent": "let a step of a workflow, or an agent with a team, name it",
    "Tool": "let an agent or a step name it",
    "Model": "let an agent, a memory or an `llm` step name it",
    "Memory": "let an agent name it",
    "Resilience": "let a step name it under `resilience`",
}
_NO_USE = ("Waiver", "WorkflowTest")
"""Kinds that speak of others without using them."""


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each spec that nothing names, where nothing may be meant by a name that is not there."""
    used = set(_used(catalogue))
    waivers = Waivers(catalogue, CODE)
    for kind, hint in _HINTS.items():
        lost = any(of == kind and not catalogue.knows(of, name) for of, name in used)
        if lost or (kind == "Workflow" and not catalogue.all("Runtime")):
            continue  # without a Runtime, workflows are run by hand
        for spec in catalogue.all(kind):
            idle = (kind, spec.name) not in used and not spec.document.file.startswith(f"{VENDOR}/")
            if idle and not waivers.cover(kind, spec.name):
                message = f'nothing uses the {kind} "{spec.name}"'
                yield spec.problem(("metadata", "name"), CODE, message, f"{hint}, or remove it", severity="warning")
    yield from waivers.unused()


def _used(catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    """Yield kind and name of everything that another spec names; overlays may name anything that they put in."""
    for spec in catalogue.specs:
        if spec.kind not in _NO_USE:
            yield from ((r.kind, r.name) for r in references(spec) if (r.kind, r.name) != (spec.kind, spec.name))
    for environment in catalogue.all("Environment"):
        yield from _overlaid(catalogue, environment)


def _overlaid(catalogue: Catalogue, environment: Declared) -> Iterator[tuple[str, str]]:
    said = {text for _, text in strings(environment.spec.overlay, ())}
    yield from ((kind, name) for kind in _HINTS for name in catalogue.names(kind) if name in said)


CHECK = Check(CODE, run)
