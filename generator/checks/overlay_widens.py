"""An overlay widens what an agent may do in a protected environment.

What reaches further than before is decided where it is defined, for all to see: tools, permissions, guardrails, effects
and the rules of policies. In the environments that the System lists as protected, an overlay makes them narrower and
never wider: it adds no tool, no sub-agent and no `allow`, takes away no `ask`, `deny`, guardrail or approval, and
leaves the effect of a tool and the rules of a policy (other than its `params`) as they are.

Fix: change the spec itself, so that it holds everywhere; or take the entry out of the overlay.

Bad, in a protected environment: `overlay: {Agent: {clerk: {tools: [search, order]}}}`, where the agent has `[search]`.

Good: `overlay: {Agent: {clerk: {tools: []}}}`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, cast

from generator.model import Catalogue, Check, Declared, Loc
from generator.overlay import merge
from generator.problems import Problem

CODE = "overlay-widens"
Rule = Callable[[Any, Any], bool]
"""Whether a value that an overlay makes is wider than the one before it."""


def _parts(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return list(cast("Mapping[str, Any]", value).items())
    return list(cast("list[Any]", value)) if isinstance(value, list) else []


def _adds(before: Any, after: Any) -> bool:
    return any(part not in _parts(before) for part in _parts(after))


def _drops(before: Any, after: Any) -> bool:
    return _adds(after, before)


def _differs(before: Any, after: Any) -> bool:
    return before != after


RULES: Mapping[str, Mapping[Loc, tuple[Rule, str]]] = {
    "Agent": {
        ("tools",): (_adds, "gives it more tools"),
        ("subAgents",): (_adds, "gives it more sub-agents"),
        ("permissions", "allow"): (_adds, "lets it do more without asking"),
        ("permissions", "ask"): (_drops, "takes away what a person confirms"),
        ("permissions", "deny"): (_drops, "takes away what it may never do"),
        ("guardrails",): (_drops, "takes away or changes a guardrail"),
    },
    "Tool": {
        ("effect",): (_differs, "says another effect"),
        ("approval",): (lambda before, after: bool(before) and not after, "takes away its approval"),
    },
    "Policy": {
        (name,): (_differs, "changes what it asks for") for name in ("match", "validations", "severity", "environments")
    },
}


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each part of an overlay that widens something, where it stands."""
    protected = {name for system in catalogue.all("System") for name in system.spec.protected_environments}
    for environment in catalogue.all("Environment"):
        if environment.name in protected:
            yield from _wider(catalogue, environment)


def _wider(catalogue: Catalogue, environment: Declared) -> Iterator[Problem]:
    for kind, rules in RULES.items():
        for name, patch in environment.spec.overlay.get(kind, {}).items():
            if base := catalogue.find(kind, name):
                written = base.document.value["spec"]
                for loc, (widens, what) in rules.items():
                    if widens(_at(written, loc), _at(merge(written, patch), loc)):
                        yield _problem(environment, base, patch, loc, what)


def _problem(environment: Declared, base: Declared, patch: Any, loc: Loc, what: str) -> Problem:
    at = loc if len(loc) == 1 or _at(patch, loc[:1]) is not None else loc[:1]
    message = f'"{environment.name}" is protected, and its overlay of {base.kind} "{base.name}" {what}'
    related = ((base.document.at(("spec",)), "it is defined here"),)
    where = ("spec", "overlay", base.kind, base.name, *at)
    return environment.problem(where, CODE, message, "change the spec itself", key=True, related=related)


def _at(value: Any, loc: Loc) -> Any:
    for part in loc:
        value = cast("Mapping[Any, Any]", value).get(part) if isinstance(value, Mapping) else None
    return value


CHECK = Check(CODE, run)
