"""Deployments of agents -> Runtime, with the StateStore that they name. Programs of others stay where they are."""

import re
from typing import Any

from generator.importing import forms
from generator.importing.drafts import Draft, Drafts, Importer, Objects, Twin, named
from generator.importing.manifests import Manifest, containers, dig, items, mapping, pod_spec, text, whole
from generator.importing.runtimes import ZEROS, store_secret
from generator.kinds._quantity import canonical
from generator.model import Loc

_ROLES = ("api", "worker")
_REASONS = {
    "metadata": "labels and annotations are rendered from the spec",
    "spec.selector": "selectors are rendered from the spec's name",
    "spec.template.metadata": "labels and annotations are rendered from the spec; nothing is found by annotations",
    "spec.template.spec.container.image": "apm's own image runs what specs say, not this program",
    "spec.template.spec.container.env": "the runtime reads its own variables; settings of agents stand in their specs",
    "spec.template.spec.container.ports": "the runtime has one port, 8080",
    "spec.template.spec.container.livenessProbe": "probes are those of apm's own image",
    "spec.template.spec.container.readinessProbe": "probes are those of apm's own image",
    "spec.template.spec.container.startupProbe": "probes are those of apm's own image",
    "spec.template.spec.container.volumeMounts": "state is kept in the StateStore; pods have no volumes of their own",
    "spec.template.spec.volumes": "state is kept in the StateStore; pods have no volumes of their own",
    "spec.template.spec.container.command": "apm's own image is told what to do by its role",
    "spec.template.spec.container.args": "apm's own image is told what to do by its role",
    "spec.template.spec.terminationGracePeriodSeconds": "15 seconds are added to `grace`, to hand runs back",
    "spec.strategy": "a rollout adds one pod and takes none away first",
    "spec.replicas": "an autoscaler sets the number of pods",
}


def lift(manifest: Manifest, drafts: Drafts) -> None:
    """Lift a Deployment of agents."""
    if not any(one is manifest for one in drafts.agents):
        how = "if agents run in it, name it with --runtime"
        drafts.leave(manifest, f"a program of its own runs beside apm and keeps its manifest; {how}")
        return
    draft = drafts.spec("Runtime", named(manifest.name), manifest)
    draft.note((), manifest.comments(("kind",)))
    _sizes(manifest, draft)
    _replicas(manifest, draft)
    loc, spec = pod_spec(manifest)
    grace = whole(spec.get("terminationGracePeriodSeconds"))
    if grace:
        draft.put(("grace",), f"{grace}s", manifest, (*loc, "terminationGracePeriodSeconds"))
    _assumed(manifest, drafts, draft)
    drafts.twins.append(
        Twin(
            manifest,
            draft.title,
            forms.workload(manifest, manifest.value),
            lambda objects: _new(manifest, draft, objects),
            _REASONS,
        )
    )


def _new(manifest: Manifest, draft: Draft, objects: Objects) -> dict[str, Any] | None:
    value = objects.get(("Deployment", f"{draft.name}-worker"))
    return forms.workload(manifest, value) if value is not None else None


def _replicas(manifest: Manifest, draft: Draft) -> None:
    count = whole(manifest.get("spec", "replicas"))
    if count is None and "replicas" not in mapping(manifest.get("spec")):
        count = 1
    if count:
        for role in _ROLES:
            draft.put((role, "replicas"), {"min": count, "max": count})
        draft.note(("worker", "replicas"), manifest.comments(("spec", "replicas")))


def _sizes(manifest: Manifest, draft: Draft) -> None:
    for loc, container in list(containers(manifest, init=False))[:1]:
        for side in ("requests", "limits"):
            found = _amounts(dig(container, "resources", side))
            if not found:
                continue
            for role in _ROLES:
                draft.put((role, "resources", side), dict(found))
            notes = [manifest.comments((*loc, "resources", side, key)) for key in found]
            draft.note(
                ("worker", "resources", side),
                [*manifest.comments((*loc, "resources", side)), *(n for one in notes for n in one)],
            )


def _amounts(value: Any) -> dict[str, str]:
    """Return CPU and memory if both are there and well-formed; a spec says both or neither."""
    found: dict[str, str] = {}
    for key in ("cpu", "memory"):
        try:
            found[key] = canonical(text(mapping(value).get(key)))
        except ValueError:
            return {}
    return found


def _assumed(manifest: Manifest, drafts: Drafts, draft: Draft) -> None:
    image = text(dig([c for _, c in containers(manifest, init=False)], 0, "image"))
    why = f"the digest of the runtime image of your release; `{image}` is another program and does not run here"
    drafts.assume(draft, ("image",), {"name": "apm-runtime", "digest": ZEROS}, why)
    workflow = f"{draft.name[:40]}-start"
    drafts.assume(draft, ("workflows",), [workflow], "the workflows that it serves; a manifest does not say any")
    first = drafts.spec("Workflow", workflow)
    first.spec = {
        "state": {"started": {"type": "boolean", "default": False}},
        "steps": [{"id": "start", "set": {"started": True}}],
    }
    first.description = "Begin of the workflows that came out of an import, to be replaced by real ones."
    drafts.assume(draft, ("apiKeys",), f"{draft.name}-api-keys/keys", "the Secret with the keys of the HTTP API")
    draft.put(("stateStore",), _store(manifest, drafts).name)


# --- its store --------------------------------------------------------------------------------------------------------


def _store(manifest: Manifest, drafts: Drafts) -> Draft:
    """Return the store that a workload names, made from its variables."""
    secret = store_secret(manifest)
    stores = drafts.all("StateStore")
    store = stores[0] if stores else drafts.spec("StateStore", "main", manifest)
    if dig(store.spec, "connection", "secret") is None:
        if secret:
            at = _variable(manifest, "secretKeyRef")
            store.put(("connection", "secret"), f"{secret[0]}/{secret[1]}", manifest, at)
            store.note(("connection", "secret"), manifest.comments((*at, "name")))
        else:
            why = "the Secret with the address of the MongoDB; the Deployment names none"
            drafts.assume(store, ("connection", "secret"), "mongodb/uri", why)
    if "database" not in store.spec:
        _database(manifest, drafts, store)
    if dig(store.spec, "connection", "service") is None:
        pods = {"namespace": "mongodb", "labels": {"app": "mongodb"}, "ports": [27017]}
        why = "where the MongoDB runs, for the network rules; no file says it"
        drafts.assume(store, ("connection", "service"), pods, why)
    return store


def _database(manifest: Manifest, drafts: Drafts, store: Draft) -> None:
    for loc, variable in _variables(manifest):
        name, value = text(variable.get("name")), text(variable.get("value"))
        if re.fullmatch(r"MONGO\w*_(DB|DATABASE)(_NAME)?", name) and value:
            store.put(("database",), value, manifest, (*loc, "value"))
            return
    name = manifest.name.replace("-", "_")
    drafts.assume(store, ("database",), name, "the name of the database; the address in the Secret may say it")


def _variables(manifest: Manifest) -> list[tuple[Loc, dict[str, Any]]]:
    return [
        ((*loc, "env", index), mapping(variable))
        for loc, container in containers(manifest)
        for index, variable in enumerate(items(container.get("env")))
    ]


def _variable(manifest: Manifest, source: str) -> Loc:
    found = [loc for loc, variable in _variables(manifest) if dig(variable, "valueFrom", source)]
    return (*found[0], "valueFrom", source) if found else ()


IMPORTER = Importer("workloads", ("Deployment",), lift, order=20)
