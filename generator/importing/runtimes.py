"""Which workloads are the agents' own, and the Runtime spec that each becomes."""

from collections.abc import Iterator, Mapping
from typing import Any

from generator.importing.drafts import Draft, Drafts, named
from generator.importing.manifests import Found, Manifest, containers, items, mapping, pod_labels, selects, text
from generator.problems import Failure, nearest

ZEROS = "sha256:" + "0" * 64
_STORE_WORDS = ("MONGO",)


def runtimes(drafts: Drafts) -> Iterator[tuple[Manifest, Draft]]:
    """Yield the workloads that become Runtimes, each with its spec."""
    for manifest in drafts.agents:
        yield manifest, drafts.spec("Runtime", named(manifest.name))


def agents(found: Found, wanted: frozenset[str]) -> tuple[Manifest, ...]:
    """Return the Deployments in which agents run: those that people named, or those that read a MongoDB's address from
    a Secret, as what keeps runs and checkpoints does.

    Raises:
        Failure: no Deployment has a name that people gave.
    """
    every = list(found.of("Deployment"))
    names = {manifest.name for manifest in every}
    for name in sorted(wanted - names):
        raise Failure(f'no Deployment is called "{name}"', nearest(name, names) or "--runtime names those of agents")
    return tuple(m for m in every if (m.name in wanted if wanted else store_secret(m) is not None))


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
