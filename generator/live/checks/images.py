"""Are images named by digests that exist, and do the pods really run these?"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from generator.live.model import Answer, Examination, Patient, images, ok, unknown, wrong
from generator.problems import plural

_ZEROS = "sha256:" + "0" * 64


def run(patient: Patient) -> Iterable[Answer]:
    """Look at the digests that are rendered, and at those that the nodes say they run."""
    yield from _named(patient)
    for item in patient.of("Deployment"):
        yield from _running(patient, item)


def _named(patient: Patient) -> Iterator[Answer]:
    every = {image for item in patient.rendered for image in images(item).values()}
    for image in sorted(every):
        if image.endswith(_ZEROS):
            yield wrong(
                "images",
                f"{image.partition('@')[0]} has a digest of zeros: no such image was ever built",
                "write the digest of your release into the spec",
            )
        elif "@sha256:" not in image:
            yield wrong("images", f"{image} is named by a tag, which can become another image", "name its digest")
    if every and not any(image.endswith(_ZEROS) or "@sha256:" not in image for image in every):
        yield ok("images", f"all {len(every)} images are named by digest")


def _running(patient: Patient, item: Mapping[str, Any]) -> Iterator[Answer]:
    """Compare what a node says of each container (`imageID`) with what is rendered; a rollout shows as a mixture."""
    name, namespace = item["metadata"]["name"], patient.environment.namespace
    labels = item["spec"]["selector"]["matchLabels"]
    told = [one for pod in patient.cluster.list("v1", "Pod", namespace, labels) for one in _told(pod)]
    if patient.cluster.hides("v1", "Pod", namespace):
        yield unknown("images", f"pods of {name}")
        return
    wanted = {container: _digest(image) for container, image in images(item).items()}
    others = [one for one in told if wanted.get(one[1]) not in (one[2], None)]
    if others:
        yield _others(name, told, others)
    elif told:
        count = len({pod for pod, _, _ in told})
        yield ok("images", f"{plural(count, 'pod')} of {name} run{'s' if count == 1 else ''} the rendered images")


def _others(name: str, told: list[tuple[str, str, str]], others: list[tuple[str, str, str]]) -> Answer:
    shown = ", ".join(f"{pod} ({container}: {digest[:19]}...)" for pod, container, digest in others[:6])
    more = f" and {len(others) - 6} more" if len(others) > 6 else ""
    every, wrong_ones = {pod for pod, _, _ in told}, {pod for pod, _, _ in others}
    if every == wrong_ones:
        message, hint = f"no pod of {name} runs the rendered image: {shown}{more}", "sync it"
    else:
        message = (
            f"{len(wrong_ones)} of {len(every)} pods of {name} run another image than the rendered one: {shown}{more}"
        )
        hint = f"versions are mixed while it rolls out; `kubectl rollout status deployment/{name}` says whether it ends"
    return wrong("images", message, hint)


def _told(pod: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield pod, container and digest of what runs; a node that has the image from elsewhere tells no digest."""
    for status in pod.get("status", {}).get("containerStatuses", []):
        if digest := _digest(status.get("imageID", "")):
            yield pod["metadata"]["name"], status["name"], digest


def _digest(image: str) -> str:
    return image.partition("@")[2]


EXAMINATION = Examination("images", run)
