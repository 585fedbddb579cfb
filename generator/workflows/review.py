"""All that is proven of a workflow from its types and paths, once for each workflow.

A thousand workflows are often the same but for names. What was found to be right is remembered by a text of everything
that the proofs look at, so that the same again costs nothing.
"""

import json
from collections.abc import Callable, Iterator
from functools import cache

from generator.model import Catalogue, Declared
from generator.problems import Problem
from generator.references import references
from generator.workflows import arguments, decisions, durations, expressing, limits, starting, switches
from generator.workflows.flow import scopes

Proof = Callable[[Catalogue, Declared], Iterator[Problem]]
_PROOFS: tuple[Proof, ...] = (
    expressing.problems, starting.problems, switches.problems, arguments.problems, decisions.problems,
    limits.problems, durations.problems,
)  # fmt: skip
_KEPT = 16_384


@cache
def _clean() -> dict[str, None]:
    return {}


def reviewed(catalogue: Catalogue, code: str) -> Iterator[Problem]:
    """Yield what is wrong with workflows and gates, of one code."""
    if catalogue.specs:
        # Kept with a spec, so that it goes when the specs go; several environments can share one.
        found = catalogue.specs[0].once(f"review {id(catalogue)}", lambda: tuple(_all(catalogue)))
        yield from (problem for problem in found if problem.code == code)


def _all(catalogue: Catalogue) -> Iterator[Problem]:
    for workflow in catalogue.all("Workflow"):
        yield from _review(catalogue, workflow)
    for agent in catalogue.all("Agent"):
        yield from expressing.of_agent(catalogue, agent)


def _review(catalogue: Catalogue, workflow: Declared) -> tuple[Problem, ...]:
    key, clean = _key(catalogue, workflow, ()), _clean()
    if key in clean:
        return ()
    if any(scope.dead for scope in scopes(workflow)):
        return ()  # steps that lead nowhere are reported; what follows from them is not
    found = tuple(problem for proof in _PROOFS for problem in proof(catalogue, workflow))
    if not found:
        if len(clean) >= _KEPT:
            clean.clear()
        clean[key] = None
    return found


def _key(catalogue: Catalogue, workflow: Declared, above: tuple[str, ...]) -> str:
    """Return a text of all that the proofs look at; names of other specs stand for what those say."""
    if workflow.name in above:
        return f"again {len(above)}"
    return workflow.once(f"key {id(catalogue)}", lambda: _text(catalogue, workflow, (*above, workflow.name)))


def _text(catalogue: Catalogue, workflow: Declared, above: tuple[str, ...]) -> str:
    text = _json(workflow.document.value.get("spec"))
    named = dict.fromkeys((ref.kind, ref.name) for ref in references(workflow))
    parts: list[str] = []
    for number, (kind, name) in enumerate(named):
        spec = catalogue.find(kind, name)
        if spec is None:
            parts.append(f"no {kind} {name}")
            continue
        quoted, uses = f'"{name}"', sum(ref.name == name for ref in references(workflow))
        # A name that also stands for something else, such as a label or a step, stays as it is.
        if text.count(quoted) + (workflow.metadata.owner == name) == uses:
            text = text.replace(quoted, f'"@{number}"')
        else:
            parts.append(quoted)
        parts.append(_key(catalogue, spec, above) if kind == "Workflow" else _looked_at(catalogue, spec))
    own = workflow.spec.input
    if isinstance(own, str):
        parts.append(expressing.file_text(catalogue, workflow, own))
    return "\n".join((text, *parts))


def _looked_at(catalogue: Catalogue, spec: Declared) -> str:
    return spec.once("looked-at", lambda: _parts(catalogue, spec))


def _parts(catalogue: Catalogue, spec: Declared) -> str:
    written = {key: spec.document.value["spec"].get(key) for key in _LOOKED_AT.get(spec.kind, ())}
    files = [expressing.file_text(catalogue, spec, value) for key, value in written.items()
             if isinstance(value, str) and key in ("input", "output", "payload")]  # fmt: skip
    return "\n".join((_json(written), *files))


_LOOKED_AT = {
    "Agent": ("output",),
    "Tool": ("input", "output", "timeout", "function"),
    "Channel": ("payload",),
    "Resilience": ("timeout",),
    "Team": ("members", "slack", "mail"),
}
"""What the proofs look at in other specs."""


def _json(value: object) -> str:
    return json.dumps(value, default=str, separators=(",", ":"))
