"""A PodDisruptionBudget for each workload that stays: a node can always be drained, and never takes too many pods."""

from collections.abc import Iterator

from generator.cluster.k8s import ROLES, labels, selector, workload_name
from generator.kinds.runtime import Runtime
from generator.model import Artifact, Project, Resource


def render(project: Project) -> Iterator[Resource]:
    """Yield a budget for each role of each runtime."""
    for runtime in project.all(Runtime):
        for role in ROLES:
            spec = {
                "maxUnavailable": runtime.spec.availability.max_unavailable,
                "unhealthyPodEvictionPolicy": "AlwaysAllow",
                "selector": {"matchLabels": selector(runtime, role)},
            }
            name, found = workload_name(runtime, role), labels(project, runtime, role)
            yield Resource(
                "policy/v1", "PodDisruptionBudget", name, "runtime", runtime.source, {"spec": spec}, labels=found
            )


ARTIFACT = Artifact("disruption_budgets", render)
