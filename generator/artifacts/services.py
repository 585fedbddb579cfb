"""Services of each runtime: an address for the API, and for the other roles what Prometheus finds the pods by."""

from collections.abc import Iterator

from generator.cluster.k8s import HTTP, ROLES, Object, RoleName, labels, selector, workload_name
from generator.kinds.runtime import Runtime
from generator.model import Artifact, Project, Resource
from runtime.contract import PORT


def render(project: Project) -> Iterator[Resource]:
    """Yield a Service for each role of each runtime."""
    for runtime in project.all(Runtime):
        for role in ROLES:
            name, found = workload_name(runtime, role), labels(project, runtime, role)
            body = {"spec": _spec(runtime, role)}
            yield Resource("v1", "Service", name, "runtime", runtime.source, body, labels=found)


def _spec(runtime: Runtime, role: RoleName) -> Object:
    headless = {} if role == "api" else {"clusterIP": "None"}
    return {
        "type": "ClusterIP",
        **headless,
        "internalTrafficPolicy": "Cluster",
        "ipFamilyPolicy": "SingleStack",
        "sessionAffinity": "None",
        "selector": selector(runtime, role),
        "ports": [{"name": HTTP, "port": PORT, "targetPort": HTTP, "protocol": "TCP"}],
    }


ARTIFACT = Artifact("services", render)
