"""CronJobs that dump a MongoDB, and the claims that they write to -> Backup."""

import re
from typing import Any

from generator.importing import forms
from generator.importing.drafts import Draft, Drafts, Importer, Objects, Twin, named
from generator.importing.manifests import Manifest, containers, dig, items, mapping, pod_spec, text, whole
from generator.importing.runtimes import ZEROS, store_secret
from generator.kinds._quantity import canonical

_REASONS = {
    "metadata": "labels are rendered from the spec",
    "spec.jobTemplate.metadata": "labels are rendered from the spec",
    "spec.jobTemplate.spec.template": "mongodump writes the archive: a program with arguments, and no script around it "
    "that could hide a failure",
    "spec.accessModes": "one pod writes at a time",
    "spec.successfulJobsHistoryLimit": "the same for all backups",
    "spec.failedJobsHistoryLimit": "the same for all backups",
    "spec.concurrencyPolicy": "two backups never run at once",
}


def dumps_a_store(manifest: Manifest) -> bool:
    """Return whether a CronJob dumps a MongoDB."""
    return any("mongodump" in word for _, c in containers(manifest) for word in words(c))


def words(container: dict[str, Any]) -> list[str]:
    """Return command and arguments of a container."""
    return [text(w) for key in ("command", "args") for w in items(container.get(key))]


def claims(manifest: Manifest) -> list[str]:
    """Return the claims that an object's pods mount."""
    _, spec = pod_spec(manifest)
    found = (dig(v, "persistentVolumeClaim", "claimName") for v in items(spec.get("volumes")))
    return [text(name) for name in found if name]


def lift(manifest: Manifest, drafts: Drafts) -> None:
    """Lift a CronJob that dumps a store; the claim that it writes to comes with it."""
    if manifest.kind == "PersistentVolumeClaim":
        _claim(manifest, drafts)
        return
    if not dumps_a_store(manifest):
        drafts.leave(manifest, "another program's job; work that repeats is a Workflow with a `cron` trigger")
        return
    draft = drafts.spec("Backup", named(manifest.name), manifest)
    draft.put(("schedule", "cron"), text(manifest.get("spec", "schedule")), manifest, ("spec", "schedule"))
    zone = text(manifest.get("spec", "timeZone"))
    if zone:
        draft.put(("schedule", "timeZone"), zone, manifest, ("spec", "timeZone"))
    else:
        drafts.assume(
            draft, ("schedule", "timeZone"), "UTC", "the time zone of the schedule; without one most clusters take UTC"
        )
    for path, field in (
        (("spec", "startingDeadlineSeconds"), "startingDeadline"),
        (("spec", "jobTemplate", "spec", "activeDeadlineSeconds"), "deadline"),
    ):
        if (seconds := whole(manifest.get(*path))) and seconds > 0:
            draft.put(("schedule", field), f"{seconds}s", manifest, path)
    _covers(manifest, drafts, draft)
    _kept(manifest, drafts, draft)
    drafts.twins.append(
        Twin(manifest, draft.title, _form(manifest.value), lambda objects: _new(objects, draft), _REASONS)
    )


def _covers(manifest: Manifest, drafts: Drafts, draft: Draft) -> None:
    stores = drafts.all("StateStore")
    store = stores[0] if stores else drafts.spec("StateStore", "main", manifest)
    if "database" not in store.spec:
        drafts.assume(store, ("database",), "main", "the name of the database")
        secret = store_secret(manifest)
        store.put(("connection", "secret"), "/".join(secret) if secret else "mongodb/uri")
        pods = {"namespace": "mongodb", "labels": {"app": "mongodb"}, "ports": [27017]}
        drafts.assume(store, ("connection", "service"), pods, "where the MongoDB runs, for the network rules")
    store.put(("runtimeBackup",), draft.name)
    oplog = any("--oplog" in word for _, c in containers(manifest) for word in words(c))
    draft.put(("covers",), {"store": store.name, **({"oplog": True} if oplog else {})})
    why = "the Secret with a configuration file of mongodump, `uri: mongodb://...` of a user that may only read"
    drafts.assume(draft, ("credentials",), "mongodb-backup/config.yaml", why)


def _kept(manifest: Manifest, drafts: Drafts, draft: Draft) -> None:
    days = _days(manifest)
    if days:
        draft.put(("retention", "days"), days)
    else:
        drafts.assume(draft, ("retention", "days"), 30, "how many days archives are kept")
    if "destination" not in draft.spec:
        size = _size(manifest, drafts)
        if size:
            draft.put(("destination", "claim"), size)
        else:
            why = "where archives go: a `bucket` survives the loss of the cluster, a claim does not"
            drafts.assume(draft, ("destination", "claim"), {"size": "50Gi"}, why)
    why = "whether the storage encrypts what lies on it; nothing says so"
    drafts.assume(draft, ("encryption",), "none", why)
    objectives = {"rpo": "24h", "rto": "4h"}
    drafts.assume(draft, ("objectives",), objectives, "how much work may be lost, and how long a restore may take")
    image = {"name": "mongodump", "digest": ZEROS}
    drafts.assume(draft, ("image",), image, "an image with `mongodump` of the database's version, by digest")


def _days(manifest: Manifest) -> int | None:
    for _, container in containers(manifest):
        for variable in map(mapping, items(container.get("env"))):
            if re.search("RETENTION|KEEP", text(variable.get("name"))) and whole(variable.get("value")):
                return whole(variable.get("value"))
        if found := re.search(r"-mtime \+(\d{1,4})", " ".join(words(container))):
            return int(found[1]) or None
    return None


def _size(manifest: Manifest, drafts: Drafts) -> dict[str, Any] | None:
    for name in claims(manifest):
        claim = drafts.found.named("PersistentVolumeClaim", name, manifest.namespace)
        if claim and ("backup" in name or len(claims(manifest)) == 1):
            try:
                size = canonical(text(claim.get("spec", "resources", "requests", "storage")))
            except ValueError:
                return None
            storage = text(claim.get("spec", "storageClassName"))
            return {"size": size, **({"storageClass": storage} if storage else {})}
    return None


def _claim(manifest: Manifest, drafts: Drafts) -> None:
    jobs = [j for j in drafts.found.of("CronJob") if dumps_a_store(j) and manifest.name in claims(j)]
    if not jobs or "backup" not in manifest.name:
        drafts.leave(manifest, "pods of apm have no volumes of their own: what lasts is in the StateStore")
        return
    backup = named(jobs[0].name)
    drafts.twins.append(forms.twin(manifest, f"Backup {backup}", f"{backup}-archives", _REASONS))


def _form(value: Any) -> dict[str, Any]:
    found = forms.plain(value)
    spec = mapping(found.get("spec"))
    job = mapping(spec.get("jobTemplate"))
    template = mapping(mapping(job.get("spec")).get("template"))
    pod = mapping(template.get("spec"))
    every = {f"container {i + 1}": c for i, c in enumerate(items(pod.pop("containers", None)))}
    inner = {**mapping(job.get("spec")), "template": {**template, "spec": {**pod, **every}}}
    return {**found, "spec": {**spec, "jobTemplate": {**job, "spec": inner}}}


def _new(objects: Objects, draft: Draft) -> dict[str, Any] | None:
    value = objects.get(("CronJob", f"{draft.name}-backup"))
    return _form(value) if value is not None else None


IMPORTER = Importer("backups", ("CronJob", "PersistentVolumeClaim"), lift, order=35)
