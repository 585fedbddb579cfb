"""resources -> problems: what the cluster would refuse, found before the merge and reported at the spec."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import jsonschema_rs

from generator.model import Catalogue, Declared, Rendered, Resource
from generator.problems import Place, Problem, path_text
from generator.rules.policy import Compiled, compiled, group_of, holds, together
from generator.rules.strictness import is_protected
from generator.rules.waivers import Waivers

SCHEMAS = Path(__file__).parent / "schemas"


def verify(
    rendered: Iterable[Rendered], catalogue: Catalogue, version: str, problems: list[Problem]
) -> Iterator[Rendered]:
    """Yield what is rendered, and add to `problems` where an object does not meet the schemas of a Kubernetes version,
    our CRDs, or a policy. Objects pass one by one, so that a large system never stands in memory as a whole."""
    policies = _policies(catalogue)
    seen: dict[tuple[str, str, str], str] = {}
    for item in rendered:
        if not isinstance(item, Resource):
            yield item
            continue
        key = (f"{item.api_version}/{item.kind}", item.namespace or "", item.name)
        if key in seen:
            message = f"{item.kind} {item.name} is rendered from {seen[key]} too"
            problems.append(_problem(item, catalogue, "duplicate-object", message, "rename one of the two specs"))
        seen[key] = item.source.file
        value = item.manifest
        problems += _schema_problems(item, value, catalogue, version)
        rules = policies.get((group_of(item.api_version), item.kind))
        if rules and not holds(rules.together, value):
            problems += (problem for rule in rules.each for problem in _policy_problems(item, value, catalogue, rule))
        yield item
    all_rules = {id(rule): rule for found in policies.values() for rule in found.each}
    problems += (problem for rule in all_rules.values() for problem in rule.waivers.unused())


# --- schemas --------------------------------------------------------------------------------------------------------


def _schema_problems(item: Resource, value: Mapping[str, Any], catalogue: Catalogue, version: str) -> Iterable[Problem]:
    validator = validator_for(item.api_version, item.kind, version)
    if validator is None:
        message = f"{item.api_version} {item.kind} is not known to Kubernetes {version}"
        hint = "it was removed, or its CRD is not among generator/schemas/"
        yield _problem(item, catalogue, "no-schema", message, hint)
        return
    if validator.is_valid(value):
        return
    for error in validator.iter_errors(value):
        where = path_text(list(error.instance_path)) or "its top"
        message = f"the rendered {item.kind} {item.name} is refused at {where}: {_short(error.message)}"
        yield _problem(item, catalogue, "object-schema", message)


def _short(message: str) -> str:
    return message if len(message) < 200 else message[:80] + " … " + message[-100:]


@lru_cache(maxsize=256)
def validator_for(api_version: str, kind: str, version: str) -> Any | None:
    """Return the compiled schema of an object, or None where there is none."""
    group, _, api = api_version.rpartition("/")
    name = f"{group or 'core'}-{api}-{kind}".lower() + ".json"
    for folder in (SCHEMAS / "kubernetes" / version, SCHEMAS / "crds"):
        path = folder / name
        if path.exists():
            return jsonschema_rs.validator_for(json.loads(path.read_text()))
    return None


# --- policies -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Rule:
    spec: Declared
    compiled: Compiled
    waivers: Waivers


@dataclass(frozen=True)
class _Rules:
    """The policies that look at one kind of object."""

    each: tuple[_Rule, ...]
    together: Any


def _policies(catalogue: Catalogue) -> Mapping[tuple[str, str], _Rules]:
    """Return the policies that hold in this environment, compiled once, by the objects that they look at."""
    found: dict[tuple[str, str], list[_Rule]] = {}
    protected = is_protected(catalogue)
    for spec in catalogue.all("Policy"):
        if spec.spec.environments == "all" or protected:
            rule = _Rule(spec, compiled(spec.spec), Waivers(catalogue, spec.name))
            for kind in sorted(rule.compiled.kinds):
                found.setdefault(kind, []).append(rule)
    return {kind: _Rules(tuple(rules), together(rule.spec.spec for rule in rules)) for kind, rules in found.items()}


def _policy_problems(item: Resource, value: Mapping[str, Any], catalogue: Catalogue, rule: _Rule) -> Iterator[Problem]:
    refusals = list(rule.compiled.refusals(value))
    if not refusals or rule.waivers.cover(item.kind, item.name):
        return
    for refusal in refusals:
        loc = ("spec", "validations", refusal.index, "expression")
        related = ((rule.spec.document.at(loc), f"the policy {rule.spec.name}"),)
        message = f"the rendered {item.kind} {item.name}: {refusal.message}"
        yield _problem(item, catalogue, "policy", message, severity=rule.spec.spec.severity, related=related)


def _problem(item: Resource, catalogue: Catalogue, code: str, message: str, hint: str = "", **more: Any) -> Problem:
    spec = catalogue.find(item.source.kind, item.source.name)
    if spec is None:
        return Problem(Place(item.source.file), code, message, hint, **more)
    return spec.problem(("spec",), code, message, hint, key=True, **more)
