"""Backups that fail in silence, delete the last good one, or can't be restored."""

import re
from collections.abc import Iterable, Iterator

from generator.importing.defects import Defects
from generator.importing.manifests import Found, Manifest, containers, dig, items, pod_spec, text
from generator.model import Loc
from generator.problems import Problem

_BARE = {"redis", "mongo", "postgres", "mysql", "mariadb", "busybox", "alpine", "debian", "ubuntu"}
"""Images that hold their own programs and none of a cloud."""
_CLOUD = re.compile(r"^\s*(aws|gsutil|gcloud|az|rclone|kubectl)\s", re.MULTILINE)
_INSTALLS = re.compile(r"\b(apk add|apt-get install|apt install|pip3? install|curl|wget)\b")
_DUMPS = ("mongodump", "pg_dump", "mysqldump", "redis-cli", "tar ", "kubectl exec")


def run(found: Found) -> Iterable[Problem]:
    """Report CronJobs; scripts in them most of all."""
    for manifest in found.of("CronJob"):
        yield from _schedule(manifest)
        for loc, container in containers(manifest):
            script = "\n".join(text(w) for key in ("command", "args") for w in items(container.get(key)))
            if any(word in script for word in _DUMPS):
                at: Loc = (*loc, "args") if container.get("args") else (*loc, "command")
                yield from _script(manifest, at, script)
                yield from _program(manifest, at, script, text(container.get("image")))
        if _is_backup(manifest):
            yield from _target(manifest, found)
            yield from _again(manifest)
    yield from _at_once([m for m in found.of("CronJob") if _is_backup(m)])


def _is_backup(manifest: Manifest) -> bool:
    return "backup" in manifest.name or any(
        "dump" in text(w) for _, c in containers(manifest) for w in items(c.get("args"))
    )


def _schedule(manifest: Manifest) -> Iterator[Problem]:
    if not manifest.get("spec", "timeZone"):
        message = "the schedule names no time zone: the hour is that of whatever the controller runs in, mostly UTC"
        yield manifest.problem(("spec", "schedule"), "no-time-zone", message, "spec.timeZone")
    job = manifest.get("spec", "jobTemplate", "spec")
    if not dig(job, "activeDeadlineSeconds"):
        yield manifest.problem(
            ("spec", "jobTemplate"),
            "no-deadline",
            "a run that hangs is never ended, and with Forbid no other one starts",
            "activeDeadlineSeconds",
        )


def _script(manifest: Manifest, loc: Loc, script: str) -> Iterator[Problem]:
    lines = [line.strip() for line in script.splitlines() if line.strip()]
    careful = re.search(r"set -[a-z]*e|pipefail", script) or " && " in script
    if len(lines) > 2 and not careful:
        message = "the job's status is that of the last line: a dump that fails counts as a success"
        yield manifest.problem(loc, "ignored-failure", message, "one program with arguments, or `set -euo pipefail`")
        if re.search(r"find .*-delete|rm -r?f?|s3 rm", script):
            message = "old archives are deleted even when today's dump failed: after enough bad days nothing is left"
            yield manifest.problem(loc, "prune-regardless", message, "keep a number of archives, whatever their age")
    if "|| true" in script:
        yield manifest.problem(loc, "hidden-failure", "`|| true` hides a failure")
    if len(re.findall(r"\$\(date[^)]*\)", script)) > 1 or len(re.findall(r"`date[^`]*`", script)) > 1:
        message = "the time is asked more than once: parts of one backup get different names"
        yield manifest.problem(loc, "two-timestamps", message, "ask once, or use the name of the Job")
    if "mongodump" in script and "--oplog" not in script:
        message = (
            "without --oplog each collection is dumped at its own moment, and a URI with a database dumps only that one"
        )
        yield manifest.problem(loc, "inconsistent-dump", message, "--oplog on a replica set")
    if re.search(r'mongodump[^\n]*--uri[= ]"?\$', script):
        message = "the address, password included, is an argument: every process of the node can read it"
        yield manifest.problem(loc, "secret-in-arguments", message, "a configuration file")


def _program(manifest: Manifest, loc: Loc, script: str, image: str) -> Iterator[Problem]:
    name = image.partition("@")[0].rpartition("/")[2].partition(":")[0]
    if name in _BARE and not _INSTALLS.search(script):
        for program in sorted(set(_CLOUD.findall(script))):
            message = f"`{program}` is not in the image `{image}`: that line fails each time"
            yield manifest.problem(loc, "program-not-in-image", message, "an image that holds it")


def _again(manifest: Manifest) -> Iterator[Problem]:
    if dig(manifest.get("spec", "jobTemplate", "spec"), "backoffLimit") is None:
        message = "a backup that fails is tried six more times, which is the default; each may leave half an archive"
        yield manifest.problem(("spec", "jobTemplate"), "default-retries", message, "backoffLimit")


def _at_once(backups: list[Manifest]) -> Iterator[Problem]:
    """Backups that start at the same minute; those that run each hour or each minute among them."""
    for index, manifest in enumerate(backups):
        for other in backups[:index]:
            if _meet(text(manifest.get("spec", "schedule")), text(other.get("spec", "schedule"))):
                message = f"it starts at the same minute as {other.title}: disks and network serve both at once"
                yield manifest.problem(("spec", "schedule"), "backups-at-once", message, "another minute")
                break


def _meet(one: str, other: str) -> bool:
    """Return whether two cron texts have a minute of a day in common, as far as plain numbers and `*` tell."""
    pairs = list(zip(one.split(), other.split(), strict=False))
    return len(pairs) == 5 and all(a == b or "*" in (a, b) for a, b in pairs)


def _target(manifest: Manifest, found: Found) -> Iterator[Problem]:
    loc, spec = pod_spec(manifest)
    claims = [(i, text(dig(v, "persistentVolumeClaim", "claimName"))) for i, v in enumerate(items(spec.get("volumes")))]
    for index, name in claims:
        if name and "backup" in name:
            message = f'archives lie in claim "{name}": lost with the cluster'
            yield manifest.problem((*loc, "volumes", index), "backup-in-cluster", message, "a bucket elsewhere")
        elif name and any(name in str(m.value) for m in found.of("Deployment")):
            message = f'claim "{name}" is mounted by a running pod too: both have to be on one node, or the job hangs'
            yield manifest.problem((*loc, "volumes", index), "shared-claim", message)
    if not any(dig(c, "resources") for _, c in containers(manifest)):
        yield manifest.problem(loc, "no-resources", "it asks for no CPU and no memory: the first to be killed")


DEFECTS = Defects("backups", run)
