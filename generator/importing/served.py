"""An object as an API server returns it -> as somebody would have written it.

Left out are what the server and its controllers set, and values that are the defaults anyway: a proof that counted them
would say how much a cluster adds, not how much a spec expresses.
"""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, cast

from generator.importing.manifests import TEMPLATES, items, mapping
from generator.live.cluster import Object

_ANY: Any = object()
_ROLLING = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}}
_SET: Mapping[str, Any] = {
    "status": _ANY,
    **dict.fromkeys(
        (
            f"metadata.{name}"
            for name in ("managedFields", "uid", "resourceVersion", "generation", "creationTimestamp", "selfLink",
                         "finalizers")
        ),
        _ANY,
    ),
    "metadata.annotations.kubectl.kubernetes.io/*": _ANY,
    "metadata.annotations.*deployment.kubernetes.io/*": _ANY,
    "metadata.annotations.deprecated.daemonset.*": _ANY,
    "metadata.annotations.argocd.argoproj.io/*": _ANY,
    "metadata.annotations.*volume*.kubernetes.io/*": _ANY,
    "metadata.annotations.pv.kubernetes.io/*": _ANY,
    "metadata.annotations.autoscaling.alpha.kubernetes.io/*": _ANY,
    "metadata.labels.kubernetes.io/metadata.name": _ANY,
}  # fmt: skip
"""What no person writes, by path; a part may have `*`, and keys with dots are met whole."""
_BY_KIND: Mapping[str, Mapping[str, Any]] = {
    "Deployment": {
        "spec.progressDeadlineSeconds": 600,
        "spec.revisionHistoryLimit": 10,
        "spec.strategy": _ROLLING,
    },
    "StatefulSet": {
        "spec.podManagementPolicy": "OrderedReady",
        "spec.revisionHistoryLimit": 10,
        "spec.updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
        "spec.persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
        "spec.volumeClaimTemplates.*.status": _ANY,
        "spec.volumeClaimTemplates.*.spec.volumeMode": "Filesystem",
    },
    "DaemonSet": {
        "spec.revisionHistoryLimit": 10,
        "spec.updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0}},
    },
    "CronJob": {
        "spec.concurrencyPolicy": "Allow",
        "spec.suspend": False,
        "spec.successfulJobsHistoryLimit": 3,
        "spec.failedJobsHistoryLimit": 1,
    },
    "Service": {
        "spec.clusterIPs": _ANY,
        "spec.ipFamilies": _ANY,
        "spec.ipFamilyPolicy": "SingleStack",
        "spec.internalTrafficPolicy": "Cluster",
        "spec.sessionAffinity": "None",
        "spec.type": "ClusterIP",
        "spec.ports.*.protocol": "TCP",
        "spec.ports.*.nodePort": _ANY,
    },
    "NetworkPolicy": {"spec.*gress.*.ports.*.protocol": "TCP"},
    "PersistentVolumeClaim": {"spec.volumeName": _ANY, "spec.volumeMode": "Filesystem"},
    "Namespace": {"spec": _ANY},
}
_IN_PODS: Mapping[str, Any] = {
    "metadata.creationTimestamp": _ANY,
    "metadata.annotations.kubectl.kubernetes.io/*": _ANY,
    "spec.restartPolicy": "Always",
    "spec.dnsPolicy": "ClusterFirst",
    "spec.schedulerName": "default-scheduler",
    "spec.terminationGracePeriodSeconds": 30,
    "spec.enableServiceLinks": True,
    "spec.securityContext": {},
    "spec.serviceAccount": _ANY,
    "spec.volumes.*.*.defaultMode": 420,
    "spec.*ontainers.*.terminationMessagePath": "/dev/termination-log",
    "spec.*ontainers.*.terminationMessagePolicy": "File",
    "spec.*ontainers.*.imagePullPolicy": "IfNotPresent",
    "spec.*ontainers.*.resources": {},
    "spec.*ontainers.*.ports.*.protocol": "TCP",
    "spec.*ontainers.*.env.*.valueFrom.fieldRef.apiVersion": "v1",
    "spec.*ontainers.*.*Probe.failureThreshold": 3,
    "spec.*ontainers.*.*Probe.periodSeconds": 10,
    "spec.*ontainers.*.*Probe.successThreshold": 1,
    "spec.*ontainers.*.*Probe.timeoutSeconds": 1,
    "spec.*ontainers.*.*Probe.httpGet.scheme": "HTTP",
}


def as_written(served: Object) -> Object:
    """Return an object without what the server set, and without the values of Secrets."""
    kind = str(served.get("kind"))
    template = TEMPLATES.get(kind)
    found = _without(_blank(served), _split({**_SET, **_BY_KIND.get(kind, {})}))
    if template is not None:
        inside = _split(_IN_PODS)
        found = _without(found, [((*map(str, template), *parts), default) for parts, default in inside])
    return {**found, "spec": _service(mapping(found.get("spec")))} if kind == "Service" else found


def _service(spec: Object) -> Object:
    """Return a Service without the address that it was given, and without ports that lead to the same port."""
    ports = [
        {key: value for key, value in mapping(port).items() if key != "targetPort" or value != port["port"]}
        for port in items(spec.get("ports"))
    ]
    kept = {key: value for key, value in spec.items() if key != "clusterIP" or value == "None"}
    return {**kept, **({"ports": ports} if ports else {})}


def _blank(value: Object) -> Object:
    """Return a Secret with its keys alone: nothing behind this ever sees a value."""
    if value.get("kind") != "Secret":
        return value
    return {
        **value,
        **{part: dict.fromkeys(mapping(value[part]), "") for part in ("data", "stringData") if part in value},
    }


_Rules = Sequence[tuple[tuple[str, ...], Any]]


def _split(table: Mapping[str, Any]) -> list[tuple[tuple[str, ...], Any]]:
    """Return paths in parts; below labels and annotations the rest is one key, dots and all."""
    return [(_parts(path), default) for path, default in table.items()]


def _parts(path: str) -> tuple[str, ...]:
    for whole in ("annotations.", "labels."):
        head, found, key = path.partition(whole)
        if found:
            return (*(head + whole).strip(".").split("."), key)
    return tuple(path.split("."))


def _without(value: Any, rules: _Rules) -> Any:
    """Return a value without what rules name; a mapping that is emptied by that goes too."""
    if isinstance(value, list):
        return [_without(item, _below("*", rules)) for item in cast("list[Any]", value)]
    if not isinstance(value, Mapping):
        return value
    found: dict[str, Any] = {}
    for key, item in cast("Mapping[str, Any]", value).items():
        below = _below(key, rules)
        if any(not parts and default in (_ANY, item) for parts, default in below):
            continue
        kept = _without(item, below) if below else item
        if kept or not item:
            found[key] = kept
    return found


def _below(key: str, rules: _Rules) -> list[tuple[tuple[str, ...], Any]]:
    return [
        (parts[1:], default) for parts, default in rules if parts and (parts[0] == "*" or fnmatchcase(key, parts[0]))
    ]
