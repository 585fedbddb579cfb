"""Do the Deployments run the images that are rendered, and do their pods answer?"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from generator.live.model import Answer, Examination, Patient, ok, unknown, wrong

_ZEROS = "sha256:" + "0" * 64
_WITH_PODS = ("Deployment", "Job", "CronJob")
_STUCK = (
    "ImagePullBackOff",
    "ErrImagePull",
    "InvalidImageName",
    "CrashLoopBackOff",
    "CreateContainerConfigError",
    "CreateContainerError",
)


def run(patient: Patient) -> Iterable[Answer]:
    """Look at images, replicas and pods."""
    yield from _digests(patient)
    namespace = patient.environment.namespace
    for item in patient.of("Deployment"):
        name = item["metadata"]["name"]
        live = patient.cluster.find("apps/v1", "Deployment", namespace, name)
        if live is None and not patient.cluster.may_see(f"/apis/apps/v1/namespaces/{namespace}/deployments/{name}"):
            yield unknown("workloads", f"Deployment {name}")
        elif live is None:
            yield wrong("workloads", f"there is no Deployment {name}", "sync the group `runtime`")
        else:
            yield from _judged(patient, item, live)


def _digests(patient: Patient) -> Iterator[Answer]:
    images = {image for item in patient.rendered for image in _images(item)}
    for image in sorted(images):
        if image.endswith(_ZEROS):
            yield wrong(
                "images",
                f"{image.partition('@')[0]} has a digest of zeros: no such image was ever built",
                "write the digest of your release into the spec",
            )
        elif "@sha256:" not in image:
            yield wrong("images", f"{image} is named by a tag, which can become another image", "name its digest")
    if images and not any(image.endswith(_ZEROS) or "@sha256:" not in image for image in images):
        yield ok("images", f"all {len(images)} images are named by digest")


def _images(item: Mapping[str, Any]) -> Iterator[str]:
    spec: dict[str, Any] = item.get("spec", {})
    if item["kind"] == "CronJob":
        spec = spec["jobTemplate"]["spec"]
    pod: dict[str, Any] = spec["template"]["spec"] if item["kind"] in _WITH_PODS else {}
    yield from (c["image"] for key in ("initContainers", "containers") for c in pod.get(key, []))


def _judged(patient: Patient, item: Mapping[str, Any], live: Mapping[str, Any]) -> Iterator[Answer]:
    name, status = item["metadata"]["name"], live.get("status", {})
    wanted, running = list(_images(item)), list(_images(live))
    if wanted != running:
        yield wrong(
            "workloads", f"Deployment {name} runs {', '.join(running)}, rendered is {', '.join(wanted)}", "sync it"
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
