"""The namespace of an environment, with Pod Security enforced, a quota, and limits for whoever states none."""

from collections.abc import Iterator

from generator.cluster.k8s import here
from generator.kinds.environment import Environment
from generator.kinds.system import System
from generator.model import Artifact, Project, Resource

_KEEP = "Prune=false,Delete=false"
"""With the namespace everything in it would go."""


def render(project: Project) -> Iterator[Resource]:
    """Yield Namespace, ResourceQuota and LimitRange."""
    environment = here(project)
    yield Resource(
        "v1",
        "Namespace",
        environment.namespace,
        "namespace",
        environment.source,
        {},
        labels=_pod_security(environment, project.one(System).pod_security),
        annotations={"argocd.argoproj.io/sync-options": _KEEP},
        namespaced=False,
    )
    quota = {"spec": {"hard": _hard(environment)}}
    yield Resource("v1", "ResourceQuota", "quota", "namespace", environment.source, quota)
    yield Resource("v1", "LimitRange", "defaults", "namespace", environment.source, _LIMITS)


def _pod_security(environment: Environment, level: str) -> dict[str, str]:
    version = f"v{environment.spec.cluster.version}"
    modes = {"enforce": level, "audit": "restricted", "warn": "restricted"}
    levels = {f"pod-security.kubernetes.io/{mode}": value for mode, value in modes.items()}
    return {**levels, **{f"pod-security.kubernetes.io/{mode}-version": version for mode in modes}}


def _hard(environment: Environment) -> dict[str, str]:
    quota = environment.spec.quota
    return {
        "limits.cpu": quota.cpu,
        "limits.memory": quota.memory,
        "pods": str(quota.pods),
        "requests.storage": quota.storage,
        "services.loadbalancers": "0",
        "services.nodeports": "0",
    }


_LIMITS = {
    "spec": {
        "limits": [
            {
                "type": "Container",
                "default": {"cpu": "500m", "ephemeral-storage": "256Mi", "memory": "256Mi"},
                "defaultRequest": {"cpu": "100m", "ephemeral-storage": "64Mi", "memory": "128Mi"},
            }
        ]
    }
}
"""Only for pods that state nothing (a debug pod); every rendered container states its own."""

ARTIFACT = Artifact("namespace", render)
