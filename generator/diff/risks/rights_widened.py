"""Somebody or something may do more than before.

Marked: verbs, resources or subjects of RBAC that were not there; a repository, namespace or kind that Argo CD may
use; a pod that gets a token, a capability, root or the host; a weaker Pod Security level; an admission policy that no
longer denies, looks at less or reads otherwise; an agent with another tool, sub-agent or section of a memory, with an
effect allowed that was not, or with one no longer denied; a tool whose effect is stronger; other tokens that the API
takes, or another file of keys.
Not marked: rights that are taken away, or the same rights written in another way.
"""

import json
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any, cast

from generator.diff.model import Change, Mark, Risk
from generator.diff.risks._read import WORKFLOW, at, containers, documents, items, mapping, of, pod, texts
from generator.problems import plural

_NAME = "rights-widened"
_LEVELS = ("restricted", "baseline", "privileged")
_EFFECTS = ("read", "notify", "write", "deploy")
_POD = {"hostNetwork": True, "hostPID": True, "hostIPC": True, "automountServiceAccountToken": True}
_CONTAINER = {
    "privileged": True,
    "allowPrivilegeEscalation": True,
    "readOnlyRootFilesystem": False,
    "runAsNonRoot": False,
}
_DEFAULTS = {"readOnlyRootFilesystem": False, "runAsNonRoot": False, "automountServiceAccountToken": True,
             "allowPrivilegeEscalation": True}  # fmt: skip


def run(change: Change) -> Iterator[Mark]:
    """Yield a mark for each right that the new side has and the old one has not."""
    if change.new is None:
        yield from _admission_gone(change)
        return
    for look in (_rbac, _bindings, _projects, _pods, _pod_security, _admission, _callers, _agents):
        yield from look(change)


def _new(change: Change, path: str, *keys: str) -> Iterator[Any]:
    """Yield the items of a list that the new side has and the old one has not."""
    before = [json.dumps(one, sort_keys=True) for one in items(change.old.value if change.old else {}, *keys)]
    for one in items(change.new.value if change.new else {}, *keys):
        if json.dumps(one, sort_keys=True) not in before:
            yield one


def _rbac(change: Change) -> Iterator[Mark]:
    before = set(_rights(of(change.old, "Role", "ClusterRole")))
    for right in dict.fromkeys(_rights(of(change.new, "Role", "ClusterRole"))):
        if not any(_allows(known, right) for known in before):
            group, resource, name, verb = right
            what = f"{resource}{'.' + group if group else ''}{' ' + name if name else ''}"
            yield Mark(_NAME, f"{change.object.kind} {change.object.name} may {verb} {what}", "rules")


def _rights(role: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    for rule in items(role, "rules"):
        names = texts(rule, "resourceNames") or [""]
        urls = [("", url) for url in texts(rule, "nonResourceURLs")]
        things = list(product(texts(rule, "apiGroups"), texts(rule, "resources"))) + urls
        yield from ((g, r, name, verb) for (g, r), name, verb in product(things, names, texts(rule, "verbs")))


def _allows(known: tuple[str, ...], right: tuple[str, ...]) -> bool:
    group, resource, name, verb = (mine in ("*", other) for mine, other in zip(known, right, strict=True))
    return group and resource and verb and (name or not known[2])


def _bindings(change: Change) -> Iterator[Mark]:
    if not of(change.new, "RoleBinding", "ClusterRoleBinding"):
        return
    for subject in _new(change, "subjects", "subjects"):
        who = f"{at(subject, 'kind')} {at(subject, 'name')}"
        yield Mark(_NAME, f"{who} gets the rights of {at(change.object.value, 'roleRef', 'name')}", "subjects")


_PROJECT = {
    "sourceRepos": "may be fed from", "destinations": "may deploy to",
    "clusterResourceWhitelist": "may manage cluster-wide", "namespaceResourceWhitelist": "may manage",
}  # fmt: skip


def _projects(change: Change) -> Iterator[Mark]:
    if not of(change.new, "AppProject"):
        return
    for key, says in _PROJECT.items():
        for one in _new(change, f"spec.{key}", "spec", key):
            what = one if isinstance(one, str) else " ".join(str(value) for value in one.values() if value)
            yield Mark(_NAME, f"AppProject {change.object.name} {says} {what}", f"spec.{key}")


def _pods(change: Change) -> Iterator[Mark]:
    (new, path), (old, _) = pod(change.new), pod(change.old)
    if new:
        yield from _switched(old or None, new, _POD, path, change.object.name)
    before = containers(change.old)
    for name, (container, where) in containers(change.new).items():
        was = mapping(before[name][0] if name in before else None)
        now, then = mapping(container, "securityContext"), mapping(was, "securityContext")
        yield from _switched(then if name in before else None, now, _CONTAINER, f"{where}.securityContext", name)
        for capability in sorted(set(texts(now, "capabilities", "add")) - set(texts(then, "capabilities", "add"))):
            yield Mark(_NAME, f"{name} gets the capability {capability}", f"{where}.securityContext.capabilities.add")
    yield from (Mark(_NAME, f"{change.object.name} mounts the node's {path_}", f"{path}.volumes")
                for path_ in sorted(_host_paths(new) - _host_paths(old)))  # fmt: skip


def _switched(
    old: Mapping[str, Any] | None, new: Mapping[str, Any], bad: Mapping[str, bool], path: str, name: str
) -> Iterator[Mark]:
    for key, value in bad.items():
        default = _DEFAULTS.get(key, False)
        if new.get(key, default) == value and (old is None or old.get(key, default) != value):
            yield Mark(_NAME, f"{name} has {key}: {str(value).lower()}", f"{path}.{key}")


def _host_paths(spec: Mapping[str, Any]) -> set[str]:
    return {str(at(volume, "hostPath", "path")) for volume in items(spec, "volumes") if at(volume, "hostPath")}


def _pod_security(change: Change) -> Iterator[Mark]:
    label = "pod-security.kubernetes.io/enforce"
    new, old = (at(of(side, "Namespace"), "metadata", "labels", label) for side in (change.new, change.old))
    if old and _level(new) > _level(old):
        yield Mark(
            _NAME, f"Pod Security of {change.object.name} falls from {old} to {new or 'nothing'}", "metadata.labels"
        )


def _level(name: Any) -> int:
    return _LEVELS.index(name) if name in _LEVELS else len(_LEVELS)


def _admission_gone(change: Change) -> Iterator[Mark]:
    if change.object.kind in ("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"):
        yield Mark(_NAME, f"{change.object.kind} {change.object.name} no longer refuses anything")


def _admission(change: Change) -> Iterator[Mark]:
    kind = "ValidatingAdmissionPolicyBinding"
    was, now = (texts(of(side, kind), "spec", "validationActions") for side in (change.old, change.new))
    if "Deny" in was and "Deny" not in now:
        yield Mark(_NAME, f"{change.object.name} warns where it denied", "spec.validationActions")
    old, new = (
        items(of(side, "ValidatingAdmissionPolicy"), "spec", "validations") for side in (change.old, change.new)
    )
    if len(new) < len(old):
        yield Mark(_NAME, f"{change.object.name} has {plural(len(old) - len(new), 'rule')} fewer", "spec.validations")
    before, after = (mapping(of(side, "ValidatingAdmissionPolicy"), "spec") for side in (change.old, change.new))
    for key in ("matchConstraints", "validations", "variables", "paramKind") if before else ():
        if _told(before.get(key)) != _told(after.get(key)) and (key != "validations" or len(new) >= len(old)):
            yield Mark(_NAME, f"{change.object.name} has other {key}: it may refuse less, read it", f"spec.{key}")


def _told(value: Any) -> Any:
    """Return a part of a policy without what it tells people."""
    if isinstance(value, list):
        found = cast("list[Any]", value)
        return [{k: v for k, v in mapping(one).items() if k != "message"} for one in found]
    return value


def _callers(change: Change) -> Iterator[Mark]:
    before = {name: _accepted(one) for name, (one, _) in containers(change.old).items()}
    for name, (container, path) in containers(change.new).items():
        for variable, value in _accepted(container).items():
            old = before.get(name, {}).get(variable, value)
            if old != value:
                yield Mark(_NAME, f"{name} lets in by {variable} {value}, was {old}", f"{path}.env")


def _accepted(container: Mapping[str, Any]) -> dict[str, Any]:
    """Return the variables by which the API tells whom it lets in."""
    found = {str(at(one, "name")): at(one, "value") for one in items(container, "env")}
    return {key: value for key, value in found.items() if key.startswith("APM_JWT_") or key == "APM_API_KEYS_FILE"}


def _agents(change: Change) -> Iterator[Mark]:
    old, new, base = documents(change, WORKFLOW)
    if not old or not new:
        return
    for name, agent in mapping(new, "agents").items():
        yield from _agent(name, mapping(old, "agents", name), agent, f"{base}.agents.{name}")
    for name, tool in mapping(new, "tools").items():
        was = mapping(old, "tools", name)
        before, after = at(was, "effect") or "read", at(tool, "effect") or "read"
        if was and _EFFECTS.index(after) > _EFFECTS.index(before):
            yield Mark(_NAME, f"tool {name} may {after}, was {before}", f"{base}.tools.{name}.effect")


def _agent(name: str, old: Mapping[str, Any], new: Mapping[str, Any], path: str) -> Iterator[Mark]:
    if not old:
        return
    for tool in sorted(set(texts(new, "tools")) - set(texts(old, "tools"))):
        yield Mark(_NAME, f"agent {name} gets the tool {tool}", f"{path}.tools")
    for one in sorted(set(texts(new, "subAgents")) - set(texts(old, "subAgents"))):
        yield Mark(_NAME, f"agent {name} gets the sub-agent {one}", f"{path}.subAgents")
    yield from _remembered(name, mapping(old, "memory"), mapping(new, "memory"), f"{path}.memory")
    for word in sorted(_granted(new) - _granted(old)):
        yield Mark(_NAME, f"agent {name} is allowed {word} without asking", f"{path}.permissions.allow")
    for word in sorted(_words(old, "deny") - _words(new, "deny")):
        yield Mark(_NAME, f"agent {name} is no longer denied {word}", f"{path}.permissions.deny")
    for word in sorted(_words(new, "ask") - _words(old, "ask") - _granted(old)):
        yield Mark(_NAME, f"agent {name} is allowed {word} after asking", f"{path}.permissions.ask")


def _remembered(name: str, old: Mapping[str, Any], new: Mapping[str, Any], path: str) -> Iterator[Mark]:
    same = old.get("name") == new.get("name")
    for right in ("read", "write"):
        for section in sorted(set(texts(new, right)) - (set(texts(old, right)) if same else set())):
            yield Mark(_NAME, f"agent {name} may {right} {section} of the memory {new.get('name')}", f"{path}.{right}")


def _granted(agent: Mapping[str, Any]) -> set[str]:
    """Return what is allowed: `read` where nothing is said; deny and ask win."""
    allowed = _words(agent, "allow") if at(agent, "permissions", "allow") is not None else {"read"}
    return allowed - _words(agent, "deny") - _words(agent, "ask")


def _words(agent: Mapping[str, Any], right: str) -> set[str]:
    """Return entries as they read: `order`, or `order when input.total > 10.0`."""
    entries = items(agent, "permissions", right)
    return {entry if isinstance(entry, str) else f"{at(entry, 'tool')} when {at(entry, 'when')}" for entry in entries}


RISK = Risk(_NAME, run)
