"""Kinds that no spec expresses, each with the reason that people should know."""

from collections.abc import Mapping

from generator.importing.drafts import Drafts, Importer
from generator.importing.manifests import Manifest

_RIGHTS = "pods of apm need no rights at the API server: each workload has an account of its own without any"
_BESIDE = "it belongs to a program that runs beside apm and keeps its manifests"
_OPERATOR = "it belongs to the cluster or to an operator; apm uses what is there"
_REASONS: Mapping[str, str] = {
    "ServiceAccount": _RIGHTS,
    "Role": _RIGHTS,
    "RoleBinding": _RIGHTS,
    "ClusterRole": _RIGHTS,
    "ClusterRoleBinding": _RIGHTS,
    "Secret": "secrets are named, never copied: specs say secret-name/key, and the value stays where it is",
    "PodSecurityPolicy": "the level of Pod Security is `podSecurity` of the System, and is enforced by the namespace",
    "DaemonSet": _BESIDE,
    "Job": "one-off jobs are no specs; work that repeats is a Workflow with a `cron` trigger",
    "Pod": _BESIDE,
    "ReplicaSet": _BESIDE,
    "Ingress": "the API of a Runtime is not published: who may call it is named in `Environment.ingress`",
    "LimitRange": "limits are rendered for each workload from its Runtime",
    "PersistentVolume": _OPERATOR,
    "StorageClass": _OPERATOR,
    "CustomResourceDefinition": _OPERATOR,
    "Prometheus": _OPERATOR,
    "Alertmanager": _OPERATOR,
    "PodMonitor": "targets of apm are found by a ServiceMonitor of its own",
    "Application": "Applications are rendered for each group of an Environment with `argocd`",
    "AppProject": "projects are rendered for each Environment with `argocd`",
    "PrometheusFile": "targets are found by ServiceMonitors; rules are Alerts",
}


def lift(manifest: Manifest, drafts: Drafts) -> None:
    """Say why an object has no spec."""
    drafts.leave(manifest, _REASONS[manifest.kind])


IMPORTER = Importer("left", tuple(_REASONS), lift)
