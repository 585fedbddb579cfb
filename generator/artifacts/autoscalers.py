"""A HorizontalPodAutoscaler for each role whose number of pods may change."""

from collections.abc import Iterator

from generator.cluster.k8s import ROLES, Object, labels, role, seconds, workload_name
from generator.kinds.runtime import Runtime, Scaling
from generator.model import Artifact, Project, Resource

_STEP = 15
"""Seconds between two decisions, as Kubernetes has it by default."""


def render(project: Project) -> Iterator[Resource]:
    """Yield the autoscalers; a role with `max` equal to `min` has none."""
    for runtime in project.all(Runtime):
        for name in ROLES:
            scaling = role(runtime, name).replicas
            if scaling.max > scaling.min:
                target, found = workload_name(runtime, name), labels(project, runtime, name)
                body = {"spec": _spec(target, scaling)}
                yield Resource(
                    "autoscaling/v2", "HorizontalPodAutoscaler", target, "runtime", runtime.source, body, labels=found
                )


def _spec(target: str, scaling: Scaling) -> Object:
    utilization = {"type": "Utilization", "averageUtilization": scaling.cpu}
    return {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": target},
        "minReplicas": scaling.min,
        "maxReplicas": scaling.max,
        "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": utilization}}],
        "behavior": {
            "scaleUp": _rules(0, {"Percent": 100, "Pods": 2}),
            "scaleDown": _rules(seconds(scaling.stabilization), {"Percent": 50}),
        },
    }


def _rules(stabilization: int, policies: dict[str, int]) -> Object:
    return {
        "stabilizationWindowSeconds": stabilization,
        "selectPolicy": "Max",
        "policies": [{"type": kind, "value": value, "periodSeconds": _STEP} for kind, value in policies.items()],
    }


ARTIFACT = Artifact("autoscalers", render)
