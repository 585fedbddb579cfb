"""Are the Deployments those that are rendered, and do their pods answer?"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from generator.live.model import Answer, Examination, Patient, images, ok, unknown, wrong

_STUCK = (
    "ImagePullBackOff",
    "ErrImagePull",
    "InvalidImageName",
    "CrashLoopBackOff",
    "CreateContainerConfigError",
    "CreateContainerError",
)


def run(patient: Patient) -> Iterable[Answer]:
    """Look at replicas and pods."""
    namespace = patient.environment.namespace
    for item in patient.of("Deployment"):
        name = item["metadata"]["name"]
        live = patient.cluster.find("apps/v1", "Deployment", namespace, name)
        if live is None and patient.cluster.hides("apps/v1", "Deployment", namespace, name):
            yield unknown("workloads", f"Deployment {name}")
        elif live is None:
            yield wrong("workloads", f"there is no Deployment {name}", "sync the group `runtime`")
        else:
            yield from _judged(patient, item, live)


def _judged(patient: Patient, item: Mapping[str, Any], live: Mapping[str, Any]) -> Iterator[Answer]:
    name, status = item["metadata"]["name"], live.get("status", {})
    wanted, running = images(item), images(live)
    if wanted != running:
        yield wrong(
            "workloads",
            f"Deployment {name} runs {', '.join(running.values())}, rendered is {', '.join(wanted.values())}",
            "sync it",
        )
        return
    ready, replicas = status.get("readyReplicas", 0), live.get("spec", {}).get("replicas", 1)
    if ready < replicas:
        why = ", ".join(sorted(set(_stuck(patient, item)))) or "see `kubectl describe pod`"
        yield wrong("workloads", f"{ready} of {replicas} pods of {name} are ready", why)
    else:
        yield ok("workloads", f"{ready} of {replicas} pods of {name} are ready")


def _stuck(patient: Patient, item: Mapping[str, Any]) -> Iterator[str]:
    labels = item["spec"]["selector"]["matchLabels"]
    for pod in patient.cluster.list("v1", "Pod", patient.environment.namespace, labels):
        for container in pod.get("status", {}).get("containerStatuses", []):
            waiting = container.get("state", {}).get("waiting", {})
            if waiting.get("reason") in _STUCK:
                yield f"{waiting['reason']}: {waiting.get('message', '')}"[:200]
        for condition in pod.get("status", {}).get("conditions", []):
            if condition["type"] == "PodScheduled" and condition["status"] == "False":
                yield f"not scheduled: {condition.get('message', '')}"[:200]


EXAMINATION = Examination("workloads", run)
