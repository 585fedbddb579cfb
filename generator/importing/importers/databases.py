"""A StatefulSet of MongoDB -> StateStore. It goes on being run by whoever runs it: apm connects to it."""

from generator.importing.drafts import Draft, Drafts, Importer
from generator.importing.manifests import Manifest, containers, items, mapping, pod_labels, text, whole


def lift(manifest: Manifest, drafts: Drafts) -> None:
    """Lift members and pods of a MongoDB."""
    if not any("mongo" in text(c.get("image")).lower() for _, c in containers(manifest, init=False)):
        drafts.leave(manifest, "a program of its own runs beside apm and keeps its manifest")
        return
    store: Draft = drafts.spec("StateStore", "main", manifest)
    if count := whole(manifest.get("spec", "replicas")):
        store.put(("members",), count, manifest, ("spec", "replicas"))
    ports = [
        mapping(p).get("containerPort") for _, c in containers(manifest, init=False) for p in items(c.get("ports"))
    ]
    store.put(
        ("connection", "service"),
        {
            "namespace": manifest.namespace or drafts.namespace,
            "labels": pod_labels(manifest),
            "ports": [p for p in ports if isinstance(p, int)][:1] or [27017],
        },
    )
    drafts.leave(
        manifest,
        "MongoDB goes on being run by whoever runs it; where it is and how many members it has is in "
        f"StateStore {store.name}",
    )


IMPORTER = Importer("databases", ("StatefulSet",), lift, order=10)
