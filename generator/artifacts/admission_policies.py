"""Policies as ValidatingAdmissionPolicies: what rendering checks, the API server enforces, also for what others apply.

A policy is bound to the environment's namespace only. Objects that a Waiver names are left out, with the pods that they
make. Defaults that the API server would fill in are written out.
"""

import json
from collections.abc import Iterator
from typing import Any

from generator.kinds.environment import Environment
from generator.kinds.policy import Policy
from generator.kinds.waiver import Waiver
from generator.model import Artifact, Project, Resource
from generator.rules.policy import variables

_API = "admissionregistration.k8s.io/v1"
_ACTIONS = {"error": ["Deny"], "warning": ["Warn", "Audit"]}
_OWNED = "['Pod', 'ReplicaSet', 'Job']"
"""Kinds that controllers make, named after their maker and a dash."""


def render(project: Project) -> Iterator[Resource]:
    """Yield a policy and its binding for each rule that holds in the environment."""
    environment = project.get(Environment, project.environment_name)
    for policy in project.all(Policy):
        if policy.spec.environments == "all" or environment.protected:
            name = f"{environment.namespace}.{policy.name}"  # no namespace has a dot: no other begins so
            spec = _spec(policy, _waived(project, policy, environment))
            yield _object("ValidatingAdmissionPolicy", name, policy, spec)
            yield _object("ValidatingAdmissionPolicyBinding", name, policy, _binding(name, policy, environment))


def _object(kind: str, name: str, policy: Policy, spec: dict[str, Any]) -> Resource:
    return Resource(_API, kind, name, "policy", policy.source, {"spec": spec}, policy.labels, namespaced=False)


def _spec(policy: Policy, waived: list[tuple[str, str]]) -> dict[str, Any]:
    spec: dict[str, Any] = {"failurePolicy": "Fail", "matchConstraints": _constraints(policy)}
    if waived:
        spec["matchConditions"] = [
            {"name": f"not-waived-{index}", "expression": _exception(kind, name)}
            for index, (kind, name) in enumerate(waived)
        ]
    if named := variables(policy.spec):
        spec["variables"] = [{"name": name, "expression": expression} for name, expression in named]
    spec["validations"] = [{"expression": v.expression, "message": v.message} for v in policy.spec.validations]
    return spec


def _constraints(policy: Policy) -> dict[str, Any]:
    rules = [
        {
            "apiGroups": list(match.api_groups),
            "apiVersions": ["*"],
            "operations": ["CREATE", "UPDATE"],
            "resources": [name for kind in match.kinds for name in _resources(kind)],
            "scope": "*",
        }
        for match in policy.spec.match
    ]
    return {"matchPolicy": "Equivalent", "namespaceSelector": {}, "objectSelector": {}, "resourceRules": rules}


def _resources(kind: str) -> tuple[str, ...]:
    """Return the resources of a kind; a pod also changes by a container that is added to debug it."""
    return ("pods", "pods/ephemeralcontainers") if kind == "Pod" else (plural(kind),)


def _binding(name: str, policy: Policy, environment: Environment) -> dict[str, Any]:
    here = {"matchLabels": {"kubernetes.io/metadata.name": environment.namespace}}
    return {
        "policyName": name,
        "validationActions": _ACTIONS[policy.spec.severity],
        "matchResources": {"matchPolicy": "Equivalent", "namespaceSelector": here, "objectSelector": {}},
    }


def _waived(project: Project, policy: Policy, environment: Environment) -> list[tuple[str, str]]:
    specs = [waiver.spec for waiver in project.all(Waiver)]
    mine = [s for s in specs if s.rule == policy.name and s.scope.environment == environment.name]
    return sorted((spec.scope.kind, spec.scope.name) for spec in mine)


def _exception(kind: str, name: str) -> str:
    itself = f"object.kind == {json.dumps(kind)} && object.metadata.name == {json.dumps(name)}"
    made = f"object.kind in {_OWNED} && object.metadata.name.startsWith({json.dumps(name + '-')})"
    return f"!({itself}) && !({made})"


def plural(kind: str) -> str:
    """Return the resource name of a kind, by the rule that Kubernetes' own kinds follow."""
    low = kind.lower()
    if low.endswith("y") and low[-2] not in "aeiou":
        return low[:-1] + "ies"
    return low if low.endswith("endpoints") else low + ("es" if low.endswith(("s", "x", "ch")) else "s")


ARTIFACT = Artifact("admission_policies", render)
