"""The kinds that Kubernetes has by itself, by API group; those of custom resources are known to clusters alone."""

from collections.abc import Mapping

KINDS: Mapping[str, frozenset[str]] = {
    "": frozenset((
        "Binding", "ConfigMap", "Endpoints", "Event", "LimitRange", "Namespace", "Node", "PersistentVolume",
        "PersistentVolumeClaim", "Pod", "PodTemplate", "ReplicationController", "ResourceQuota", "Secret", "Service",
        "ServiceAccount",
    )),
    "admissionregistration.k8s.io": frozenset((
        "MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding", "MutatingWebhookConfiguration",
        "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "ValidatingWebhookConfiguration",
    )),
    "apiextensions.k8s.io": frozenset(("CustomResourceDefinition",)),
    "apiregistration.k8s.io": frozenset(("APIService",)),
    "apps": frozenset(("ControllerRevision", "DaemonSet", "Deployment", "ReplicaSet", "StatefulSet")),
    "autoscaling": frozenset(("HorizontalPodAutoscaler", "Scale")),
    "batch": frozenset(("CronJob", "Job")),
    "certificates.k8s.io": frozenset(("CertificateSigningRequest", "ClusterTrustBundle", "PodCertificateRequest")),
    "coordination.k8s.io": frozenset(("Lease", "LeaseCandidate")),
    "discovery.k8s.io": frozenset(("EndpointSlice",)),
    "events.k8s.io": frozenset(("Event",)),
    "flowcontrol.apiserver.k8s.io": frozenset(("FlowSchema", "PriorityLevelConfiguration")),
    "networking.k8s.io": frozenset(("IPAddress", "Ingress", "IngressClass", "NetworkPolicy", "ServiceCIDR")),
    "node.k8s.io": frozenset(("RuntimeClass",)),
    "policy": frozenset(("Eviction", "PodDisruptionBudget")),
    "rbac.authorization.k8s.io": frozenset(("ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding")),
    "resource.k8s.io": frozenset((
        "DeviceClass", "DeviceTaintRule", "ResourceClaim", "ResourceClaimTemplate", "ResourceSlice",
    )),
    "scheduling.k8s.io": frozenset(("PriorityClass", "Workload", "PodGroup")),
    "storage.k8s.io": frozenset((
        "CSIDriver", "CSINode", "CSIStorageCapacity", "StorageClass", "VolumeAttachment", "VolumeAttributesClass",
    )),
}  # fmt: skip


def is_built_in(group: str) -> bool:
    """Return whether a group can only be one of Kubernetes' own: those of custom resources are domain names."""
    return group in KINDS or "." not in group
