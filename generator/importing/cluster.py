"""The objects of a cluster -> manifests: those that nobody else looks after are lifted, the others are only known."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from generator import conventions
from generator.importing.manifests import Found, Manifest, mapping, text
from generator.importing.reading import held
from generator.importing.served import as_written
from generator.live.cluster import Cluster, Object
from generator.model import Loc
from generator.problems import Place, Problem, Severity, path_text

_LIFTED = (
    ("v1", "Namespace"),
    ("v1", "ConfigMap"),
    ("v1", "Service"),
    ("v1", "PersistentVolumeClaim"),
    ("v1", "ResourceQuota"),
    ("apps/v1", "Deployment"),
    ("apps/v1", "StatefulSet"),
    ("batch/v1", "CronJob"),
    ("autoscaling/v2", "HorizontalPodAutoscaler"),
    ("policy/v1", "PodDisruptionBudget"),
    ("networking.k8s.io/v1", "NetworkPolicy"),
    ("monitoring.coreos.com/v1", "ServiceMonitor"),
    ("monitoring.coreos.com/v1", "PrometheusRule"),
    ("monitoring.coreos.com/v1alpha1", "AlertmanagerConfig"),
)
"""What specs are made of, by version and kind; a kind that a cluster does not know is passed over."""
_LOOKED_AT = (
    ("v1", "Secret"),
    ("v1", "ServiceAccount"),
    ("v1", "LimitRange"),
    ("apps/v1", "DaemonSet"),
    ("networking.k8s.io/v1", "Ingress"),
    ("rbac.authorization.k8s.io/v1", "Role"),
    ("rbac.authorization.k8s.io/v1", "RoleBinding"),
    ("rbac.authorization.k8s.io/v1", "ClusterRole"),
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"),
    ("monitoring.coreos.com/v1", "PodMonitor"),
    ("monitoring.coreos.com/v1", "Prometheus"),
    ("monitoring.coreos.com/v1", "Alertmanager"),
)
"""What tells whether the former work, and no spec is made of."""
_SYSTEM = ("kube-system", "kube-public", "kube-node-lease")
_EVERYWHERE = {
    ("ConfigMap", "kube-root-ca.crt"),
    ("ServiceAccount", "default"),
    ("Service", "kubernetes"),
    *(("Namespace", name) for name in ("default", *_SYSTEM)),
}
"""What every cluster and every namespace gets by itself."""


def read(cluster: Cluster, namespaces: Sequence[str]) -> Found:
    """Return the objects of some namespaces, or of all but the cluster's own; values of Secrets are never kept.

    Raises:
        Failure: the cluster does not answer.
    """
    served: list[Object] = []
    refused: list[str] = []
    for version, kind in (*_LIFTED, *_LOOKED_AT):
        before = len(cluster.refused)
        served += map(as_written, _served(cluster, version, kind, namespaces))
        refused += [kind] if len(cluster.refused) > before else []
    why = [_others(item, namespaces) for item in served]
    return Found(
        tuple(_manifests(item for item, reason in zip(served, why, strict=True) if not reason)),
        tuple(_unread(cluster, refused)),
        (),
        cluster=cluster.host,
        beside=tuple(_manifests(item for item, reason in zip(served, why, strict=True) if reason)),
        left_out=dict(sorted(Counter(reason for reason in why if reason).items())),
        unseen=frozenset(refused),
    )


def _served(cluster: Cluster, version: str, kind: str, namespaces: Sequence[str]) -> Iterator[Object]:
    _, namespaced = cluster.resources(version).get(kind, ("", False))
    if not namespaces:
        yield from cluster.list(version, kind)
    elif namespaced:
        for namespace in namespaces:
            yield from cluster.list(version, kind, namespace)
    elif kind == "Namespace":
        found = (cluster.find(version, kind, "", name) for name in namespaces)
        yield from ({"apiVersion": version, "kind": kind, **one} for one in found if one)


# --- whose they are ---------------------------------------------------------------------------------------------------


def _others(item: Object, namespaces: Sequence[str]) -> str:
    """Return who looks after an object instead of people; nothing where it is theirs."""
    metadata = item["metadata"]
    labels, notes = mapping(metadata.get("labels")), mapping(metadata.get("annotations"))
    release = text(notes.get("meta.helm.sh/release-name"))
    if metadata.get("ownerReferences"):
        owner = metadata["ownerReferences"][0]
        return f"made by a controller for another object ({owner['kind']})"
    if release or labels.get(conventions.LABEL_MANAGED_BY) == "Helm":
        return f"of the Helm release {release or labels.get('app.kubernetes.io/instance', '?')}: its values say them"
    if labels.get(conventions.LABEL_MANAGED_BY) == conventions.MANAGER:
        return "rendered by apm: specs say them already"
    if metadata.get("deletionTimestamp"):
        return "being deleted"
    return "of the cluster itself" if _is_systems(item, namespaces) else ""


def _is_systems(item: Object, namespaces: Sequence[str]) -> bool:
    kind, metadata = item["kind"], item["metadata"]
    namespace, name = text(metadata.get("namespace")), text(metadata["name"])
    made = item.get("type") in ("kubernetes.io/service-account-token", "helm.sh/release.v1")
    bootstrapped = "kubernetes.io/bootstrapping" in mapping(metadata.get("labels")) or name.startswith("system:")
    inside = namespace in _SYSTEM and namespace not in namespaces
    return inside or made or bootstrapped or (kind, name) in _EVERYWHERE


# --- as manifests -----------------------------------------------------------------------------------------------------


def _manifests(objects: Iterable[Object]) -> Iterator[Manifest]:
    """Yield objects, each with what it holds as texts."""
    for item in objects:
        manifest = _manifest(item)
        yield manifest
        yield from held(manifest)


def _manifest(item: Object) -> Manifest:
    kind, metadata = text(item["kind"]), item["metadata"]
    name, namespace = text(metadata["name"]), text(metadata.get("namespace"))
    address = "/".join(part for part in ("cluster:/", namespace, kind, name) if part)

    def place(loc: Loc) -> Place:
        return Place(f"{address}#{path_text(loc)}" if loc else address, 0, 0)

    return Manifest(kind, text(item["apiVersion"]), name, namespace, item, address, place, lambda _: ())


def _unread(cluster: Cluster, refused: Iterable[str]) -> Iterator[Problem]:
    """Yield what could not be read: where specs are made of it, that is an error."""
    lifted = {kind for _, kind in _LIFTED}
    kinds: dict[Severity, list[str]] = {}
    for kind in sorted(refused):
        kinds.setdefault("error" if kind in lifted else "warning", []).append(kind)
    for severity, names in kinds.items():
        place = Place(f"cluster://{cluster.host.partition('://')[2]}", 0, 0)
        message = f"this account may not list {', '.join(names)}: nothing is said of them"
        hint = "name a namespace that it may read with --from-namespace, or use an account that may read more"
        yield Problem(place, "kind-unreadable", message, hint, severity=severity)
