"""Pods that can't start, or start something else tomorrow."""

from collections.abc import Iterable, Iterator

from generator.importing.defects import Defects
from generator.importing.manifests import (
    WORKLOADS,
    Found,
    Manifest,
    containers,
    dig,
    items,
    mapping,
    pod_spec,
    text,
)
from generator.model import Loc
from generator.problems import Problem

_NAMED: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("ConfigMap", ("configMap", "name")),
    ("Secret", ("secret", "secretName")),
    ("PersistentVolumeClaim", ("persistentVolumeClaim", "claimName")),
)
_FROM = (("ConfigMap", "configMapKeyRef"), ("Secret", "secretKeyRef"))
_MONGODB = ("mongo", "mongodb", "mongodb-community-server")
_NEVER = {
    "ConfigMap": "the pod stays in ContainerCreating",
    "Secret": "the pod stays in CreateContainerConfigError",
    "PersistentVolumeClaim": "the pod stays Pending",
}


def run(found: Found) -> Iterable[Problem]:
    """Report what is wrong with pods."""
    for manifest in found.of(*WORKLOADS):
        yield from _references(manifest, found)
        yield from _images(manifest)
        yield from _security(manifest)
    for manifest in found.of("Deployment", "StatefulSet"):
        yield from _replica_set(manifest)


# --- references -------------------------------------------------------------------------------------------------------


def _references(manifest: Manifest, found: Found) -> Iterator[Problem]:
    loc, spec = pod_spec(manifest)
    for index, volume in enumerate(items(spec.get("volumes"))):
        for kind, path in _NAMED:
            name = text(dig(volume, *path))
            optional = dig(volume, path[0], "optional") is True
            if name and not optional:
                yield from _missing(manifest, found, (*loc, "volumes", index, *path), kind, name)
    yield from _variables(manifest, found)


def _variables(manifest: Manifest, found: Found) -> Iterator[Problem]:
    for loc, container in containers(manifest):
        for index, variable in enumerate(items(container.get("env"))):
            for kind, source in _FROM:
                reference = mapping(dig(variable, "valueFrom", source))
                if reference.get("name") and reference.get("optional") is not True:
                    at = (*loc, "env", index, "valueFrom", source, "name")
                    yield from _missing(manifest, found, at, kind, text(reference["name"]))


def _missing(manifest: Manifest, found: Found, loc: Loc, kind: str, name: str) -> Iterator[Problem]:
    if kind in found.unseen:
        return
    if found.named(kind, name, manifest.namespace) is None and not _makes(found, kind, name):
        message = f'{kind} "{name}" is not among what was read; if it is made by hand, or not at all, {_NEVER[kind]}'
        yield manifest.problem(
            loc,
            "missing-configmap" if kind == "ConfigMap" else "missing-secret" if kind == "Secret" else "missing-claim",
            message,
            f"add the {kind}, or say in a spec what it held",
        )


def _makes(found: Found, kind: str, name: str) -> bool:
    """Return whether an operator makes the Secret."""
    makers = ("ExternalSecret", "SealedSecret", "Certificate")
    return kind == "Secret" and any(
        name in (m.name, text(m.get("spec", "secretName")), text(m.get("spec", "target", "name")))
        for m in found.of(*makers)
    )


# --- images and accounts ----------------------------------------------------------------------------------------------


def _images(manifest: Manifest) -> Iterator[Problem]:
    for loc, container in containers(manifest):
        image = text(container.get("image"))
        if not image:
            message = f'container "{text(container.get("name"))}" has no image: this is a patch, filed as a manifest'
            yield manifest.problem(loc, "patch-as-manifest", message, "merge it into the manifest that it changes")
        elif "@sha256:" not in image and (":" not in image.rpartition("/")[2] or image.endswith(":latest")):
            message = f"`{image}` is another image every day; two replicas can run different programs"
            yield manifest.problem((*loc, "image"), "mutable-image", message, "name a digest")
            if container.get("imagePullPolicy") == "Always":
                message = "the image is pulled at every start, so that versions mix among replicas"
                yield manifest.problem((*loc, "imagePullPolicy"), "mixed-versions", message, "name a digest")
        if image and "/" in image and "." not in image.split("/")[0] and ":" not in image.split("/")[0]:
            message = f"`{image}` names no registry: it is looked for at Docker Hub"
            yield manifest.problem((*loc, "image"), "image-without-registry", message, "write the registry before it")


def _security(manifest: Manifest) -> Iterator[Problem]:
    loc, spec = pod_spec(manifest)
    if not spec:
        return
    every = [c for _, c in containers(manifest)]
    if not spec.get("securityContext") and not any(c.get("securityContext") for c in every):
        message = "no securityContext: processes run as the image says, often as root, with a writable root"
        yield manifest.problem(loc, "no-security-context", message, "Pod Security `restricted` refuses such pods")
    if any(mapping(dig(c, "securityContext")).get("privileged") is True for c in every):
        yield manifest.problem(loc, "privileged", "a container is privileged: it can do all that the node can")
    if not any(dig(c, "resources", "limits", "memory") for c in every):
        message = "no memory limit: one pod can take the memory of all others on its node"
        yield manifest.problem(loc, "no-memory-limit", message)


def _replica_set(manifest: Manifest) -> Iterator[Problem]:
    for loc, container in containers(manifest, init=False):
        program = text(container.get("image")).partition("@")[0].rpartition("/")[2].partition(":")[0]
        said = str([container.get(key) for key in ("command", "args", "env")])
        if program in _MONGODB and not any(word in said for word in ("replSet", "REPLICA_SET", "--config")):
            message = "MongoDB is no replica set: no transactions, no dump of one moment, nobody takes its place"
            yield manifest.problem(loc, "no-replica-set", message, "--replSet, also with one member")


DEFECTS = Defects("workloads", run)
