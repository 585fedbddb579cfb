"""Objects that the cluster does not know any more, that stand twice, or that nothing reads."""

from collections.abc import Iterable, Iterator, Mapping

from generator.importing.defects import Defects
from generator.importing.manifests import (
    DASHBOARD,
    RULE_FILE,
    WORKLOADS,
    Found,
    Manifest,
    containers,
    dig,
    items,
    mapping,
    pod_spec,
    text,
)
from generator.problems import Problem

_REMOVED: Mapping[tuple[str, str], str] = {
    ("policy/v1beta1", "PodSecurityPolicy"): "removed in Kubernetes 1.25; Pod Security is a label of the namespace",
    ("policy/v1beta1", "PodDisruptionBudget"): "removed in Kubernetes 1.25; write policy/v1",
    ("extensions/v1beta1", "Ingress"): "removed in Kubernetes 1.22; write networking.k8s.io/v1",
    ("networking.k8s.io/v1beta1", "Ingress"): "removed in Kubernetes 1.22; write networking.k8s.io/v1",
    ("extensions/v1beta1", "Deployment"): "removed in Kubernetes 1.16; write apps/v1",
    ("apps/v1beta1", "Deployment"): "removed in Kubernetes 1.16; write apps/v1",
    ("apps/v1beta2", "Deployment"): "removed in Kubernetes 1.16; write apps/v1",
    ("batch/v1beta1", "CronJob"): "removed in Kubernetes 1.25; write batch/v1",
    ("autoscaling/v2beta1", "HorizontalPodAutoscaler"): "removed in Kubernetes 1.25; write autoscaling/v2",
    ("autoscaling/v2beta2", "HorizontalPodAutoscaler"): "removed in Kubernetes 1.26; write autoscaling/v2",
    (
        "rbac.authorization.k8s.io/v1beta1",
        "ClusterRole",
    ): "removed in Kubernetes 1.22; write rbac.authorization.k8s.io/v1",
    ("rbac.authorization.k8s.io/v1beta1", "Role"): "removed in Kubernetes 1.22; write rbac.authorization.k8s.io/v1",
    (
        "apiextensions.k8s.io/v1beta1",
        "CustomResourceDefinition",
    ): "removed in Kubernetes 1.22; write apiextensions.k8s.io/v1",
}
_ONE_NODE = (
    "rancher.io/local-path",
    "kubernetes.io/no-provisioner",
    "kubernetes.io/aws-ebs",
    "kubernetes.io/gce-pd",
    "ebs.csi.aws.com",
    "pd.csi.storage.gke.io",
    "disk.csi.azure.com",
)
"""Provisioners whose volumes are for one node at a time."""
_IN_LABELS = ("grafana_dashboard", "prometheus-rule")


def run(found: Found) -> Iterable[Problem]:
    """Report objects of the wrong kind, in the wrong place, or without effect."""
    for manifest in found.manifests:
        if why := _REMOVED.get((manifest.api_version, manifest.kind)):
            message = f"{manifest.api_version} {manifest.kind} is {why.split(';')[0]}: applying it fails"
            yield manifest.problem((), "removed-api", message, why.partition("; ")[2])
    yield from _twice(found)
    yield from _unmounted(found)
    for manifest in found.of("ClusterRole", "Role"):
        yield from _groups(manifest)
    for manifest in found.of("PersistentVolumeClaim"):
        yield from _writers(manifest, found)


def _twice(found: Found) -> Iterator[Problem]:
    first: dict[tuple[str, str, str], Manifest] = {}
    pairs: list[tuple[Manifest, Manifest]] = []
    for manifest in found.manifests:
        if manifest.api_version and manifest.name:
            other = first.setdefault((manifest.kind, manifest.namespace, manifest.name), manifest)
            pairs += [(other, manifest)] if other is not manifest else []
    for other, manifest in pairs:
        same = "with the same content" if other.value == manifest.value else "and says something else"
        message = f"it stands in {other.place(())} too, {same}: whoever is applied last wins"
        yield manifest.problem((), "object-twice", message, "keep one of the two")


def _unmounted(found: Found) -> Iterator[Problem]:
    """A ConfigMap of rules or dashboards that no pod mounts and no sidecar is told of is read by nobody."""
    workloads = list(found.known(*WORKLOADS))
    if not workloads:
        return
    mounted = {name for workload in workloads for name in _mounts(workload)}
    for manifest in found.of("ConfigMap"):
        held = [m for m in found.held(manifest) if m.kind in (RULE_FILE, DASHBOARD)]
        labels = mapping(manifest.get("metadata", "labels"))
        if held and manifest.name not in mounted and not any(key in labels for key in _IN_LABELS):
            message = f"{held[0].key} in it is read by nobody: no pod that was read mounts this ConfigMap"
            yield manifest.problem((), "unmounted-config", message)


def _mounts(workload: Manifest) -> Iterator[str]:
    _, spec = pod_spec(workload)
    for volume in items(spec.get("volumes")):
        yield text(dig(volume, "configMap", "name"))
        yield from (text(dig(source, "configMap", "name")) for source in items(dig(volume, "projected", "sources")))
    for _, container in containers(workload):
        yield from (text(dig(source, "configMapRef", "name")) for source in items(container.get("envFrom")))


def _groups(manifest: Manifest) -> Iterator[Problem]:
    for index, rule in enumerate(items(manifest.get("rules"))):
        groups = [text(g) for g in items(mapping(rule).get("apiGroups"))]
        if "extensions" in groups:
            yield manifest.problem(
                ("rules", index, "apiGroups"),
                "removed-api",
                "rights on the API group extensions, which was removed in Kubernetes 1.22",
                "write networking.k8s.io or apps",
            )


def _writers(manifest: Manifest, found: Found) -> Iterator[Problem]:
    name = text(manifest.get("spec", "storageClassName"))
    storage = found.named("StorageClass", name, "") if name else None
    provisioner = text(storage.get("provisioner")) if storage else ""
    if "ReadWriteMany" in items(manifest.get("spec", "accessModes")) and provisioner in _ONE_NODE:
        message = f'class "{name}" ({provisioner}) has volumes for one node: the claim stays Pending, or is of one node'
        yield manifest.problem(("spec", "accessModes"), "shared-on-one-node", message, "a class of shared file systems")


DEFECTS = Defects("objects", run)
