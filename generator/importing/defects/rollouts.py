"""Pods that are changed, moved and scaled: what is then lost, stuck, or not changed at all."""

import re
from collections.abc import Iterable, Iterator

from generator.importing.defects import Defects
from generator.importing.manifests import (
    WORKLOADS,
    Found,
    Manifest,
    containers,
    dig,
    items,
    mapping,
    pod_labels,
    pod_spec,
    selects,
    template_of,
    text,
    whole,
)
from generator.model import Loc
from generator.problems import Problem

_HASHED = re.compile(r"-[0-9a-f]{8,}$|-[bcdfghjklmnpqrstvwxz2456789]{8,10}$")
"""Ends of names that follow the content, as kustomize and others write them."""
_FOLLOWS = re.compile("checksum|hash|reload", re.IGNORECASE)
"""Annotations, and images beside a program, by which pods follow a changed ConfigMap."""


def run(found: Found) -> Iterable[Problem]:
    """Report what happens to pods when they are replaced, moved or scaled."""
    for manifest in found.of(*WORKLOADS):
        yield from _rollout(manifest, found)
        yield from _grace(manifest)
    for manifest in found.of("Deployment", "StatefulSet", "DaemonSet"):
        yield from _settings(manifest)
    for service in found.of("Service"):
        yield from _alone(service, found)
    for budget in found.of("PodDisruptionBudget"):
        yield from _drain(budget, found)
    for scaler in found.of("HorizontalPodAutoscaler"):
        yield from _custom(scaler)


# --- changes ----------------------------------------------------------------------------------------------------------


def _settings(manifest: Manifest) -> Iterator[Problem]:
    """A ConfigMap whose name stays the same when its content changes starts no pod again."""
    template = template_of(manifest) or ()
    notes = {
        **mapping(manifest.get("metadata", "annotations")),
        **mapping(manifest.get(*template, "metadata", "annotations")),
    }
    if any(_FOLLOWS.search(key) for key in (*notes, *(text(c.get("image")) for _, c in containers(manifest)))):
        return
    named: dict[str, Loc] = {}
    for loc, name in _config_maps(manifest):
        named.setdefault(name, loc)
    for name, loc in named.items():
        if name and not _HASHED.search(name):
            message = f'a change of ConfigMap "{name}" starts no pod again: those that run keep what they read'
            yield manifest.problem(
                loc, "config-without-rollout", message, "a hash of its content in the pods' annotations"
            )


def _config_maps(manifest: Manifest) -> Iterator[tuple[Loc, str]]:
    loc, spec = pod_spec(manifest)
    for index, volume in enumerate(items(spec.get("volumes"))):
        yield (*loc, "volumes", index, "configMap", "name"), text(dig(volume, "configMap", "name"))
    for at, container in containers(manifest):
        for index, source in enumerate(items(container.get("envFrom"))):
            yield (*at, "envFrom", index, "configMapRef", "name"), text(dig(source, "configMapRef", "name"))
        for index, variable in enumerate(items(container.get("env"))):
            path = ("valueFrom", "configMapKeyRef", "name")
            yield (*at, "env", index, *path), text(dig(variable, *path))


def _alone(service: Manifest, found: Found) -> Iterator[Problem]:
    labels = mapping(service.get("spec", "selector"))
    taken = [m for m in found.of("Deployment", "StatefulSet") if m.namespace == service.namespace]
    taken = [m for m in taken if labels and selects(labels, pod_labels(m))]
    if len(taken) == 1 and taken[0].kind == "Deployment" and _replicas(taken[0], found) == 1:
        message = f"{service.title} has one pod behind it: while it is moved or fails, nobody answers"
        at: Loc = ("spec", "replicas") if taken[0].get("spec", "replicas") else ("spec",)
        yield taken[0].problem(at, "single-replica", message, "two replicas, or an autoscaler")


def _rollout(manifest: Manifest, found: Found) -> Iterator[Problem]:
    if manifest.kind != "Deployment" or manifest.get("spec", "strategy", "type") == "Recreate":
        return
    loc, spec = pod_spec(manifest)
    for index, volume in enumerate(items(spec.get("volumes"))):
        name = text(dig(volume, "persistentVolumeClaim", "claimName"))
        claim = found.named("PersistentVolumeClaim", name, manifest.namespace) if name else None
        modes = [text(mode) for mode in items(claim.get("spec", "accessModes"))] if claim else []
        if name and (claim is None or not set(modes) & {"ReadWriteMany", "ReadOnlyMany"}):
            message = (
                f'claim "{name}" is for one node, and a rolling update starts the new pod before the old one is gone'
            )
            yield manifest.problem(
                (*loc, "volumes", index),
                "single-writer-rollout",
                message,
                "`strategy: Recreate`, a StatefulSet, or a store that takes several writers",
            )


def _grace(manifest: Manifest) -> Iterator[Problem]:
    _, spec = pod_spec(manifest)
    for at, container in containers(manifest, init=False):
        for index, variable in enumerate(items(container.get("env"))):
            name, seconds = text(dig(variable, "name")), whole(dig(variable, "value"))
            grace = whole(spec.get("terminationGracePeriodSeconds")) or 30
            if seconds and seconds > grace and re.search("TIMEOUT(_SECONDS)?$", name) and manifest.kind == "Deployment":
                message = f"{name} lets work take {seconds} s, but a pod has {grace} s to end: a rollout kills it"
                yield manifest.problem(
                    (*at, "env", index),
                    "short-grace",
                    message,
                    "set terminationGracePeriodSeconds, or keep checkpoints",
                )


def _drain(budget: Manifest, found: Found) -> Iterator[Problem]:
    least = whole(budget.get("spec", "minAvailable"))
    labels = mapping(budget.get("spec", "selector", "matchLabels"))
    away = whole(budget.get("spec", "maxUnavailable"))
    for workload in found.of("Deployment", "StatefulSet"):
        if not labels or not selects(labels, pod_labels(workload)) or workload.namespace != budget.namespace:
            continue
        pods = _replicas(workload, found)
        if pods is not None and ((least is not None and least >= pods) or away == 0):
            message = f"of {pods} pods of {workload.title} none may ever be away: a node with one can't be drained"
            yield budget.problem(("spec", "minAvailable"), "drain-blocked", message, "`maxUnavailable: 1`")


def _replicas(workload: Manifest, found: Found) -> int | None:
    for scaler in found.of("HorizontalPodAutoscaler"):
        if scaler.get("spec", "scaleTargetRef", "name") == workload.name and scaler.namespace == workload.namespace:
            return whole(scaler.get("spec", "minReplicas")) or 1
    value = workload.get("spec", "replicas")
    return 1 if value is None else whole(value)


def _custom(scaler: Manifest) -> Iterator[Problem]:
    for index, metric in enumerate(items(scaler.get("spec", "metrics"))):
        if mapping(metric).get("type") in ("Pods", "Object", "External"):
            kind = text(mapping(metric)["type"]).lower()
            name = text(dig(metric, kind, "metric", "name"))
            message = f'metric "{name}" needs an adapter; without one the autoscaler is degraded and may stop scaling'
            yield scaler.problem(("spec", "metrics", index), "custom-metric", message)


DEFECTS = Defects("rollouts", run)
