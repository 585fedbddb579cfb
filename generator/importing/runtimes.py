"""Which workloads are the agents' own, and the Runtime spec that each becomes."""

from collections.abc import Iterator, Mapping
from typing import Any

from generator.importing.drafts import Draft, Drafts, named
from generator.importing.manifests import Manifest, containers, items, mapping, pod_labels, selects, text

ZEROS = "sha256:" + "0" * 64
_STORE_WORDS = ("MONGO",)


def runtimes(drafts: Drafts) -> Iterator[tuple[Manifest, Draft]]:
    """Yield the workloads that become Runtimes, each with its spec."""
    for manifest in drafts.found.of("Deployment"):
        if is_runtime(manifest, drafts.runtimes):
            yield manifest, drafts.spec("Runtime", named(manifest.name))


def is_runtime(manifest: Manifest, wanted: frozenset[str]) -> bool:
    """Return whether agents run in a Deployment: because people said so, or because it reads a MongoDB's address from
    a Secret, as what keeps runs and checkpoints does."""
    if wanted:
        return manifest.name in wanted
    return store_secret(manifest) is not None


def store_secret(manifest: Manifest) -> tuple[str, str] | None:
    """Return Secret and key from which a workload reads the address of its MongoDB."""
    for _, container in containers(manifest):
        for variable in items(container.get("env")):
            reference = mapping(mapping(mapping(variable).get("valueFrom")).get("secretKeyRef"))
            name = text(mapping(variable).get("name")).upper()
            if reference.get("name") and any(word in name for word in _STORE_WORDS):
                return text(reference["name"]), text(reference.get("key")) or "uri"
    return None


def runtime_of(drafts: Drafts, name: str) -> Draft | None:
    """Return the Runtime that a Deployment of this name became."""
    return next((draft for manifest, draft in runtimes(drafts) if manifest.name == name), None)


def selected_runtime(drafts: Drafts, labels: Mapping[str, Any], namespace: str) -> Draft | None:
    """Return the Runtime whose pods a selector takes."""
    for manifest, draft in runtimes(drafts):
        if labels and selects(labels, pod_labels(manifest)) and manifest.namespace in (namespace, ""):
            return draft
    return None
