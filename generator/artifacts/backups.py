"""A CronJob for each backup, and the claim that it writes to if it does not go to a bucket.

`mongodump` writes the archive, the runtime's image reads it to its end, and `rclone` copies it: programs with
arguments, no script between them. A step that fails fails the Job, and the next one does not run. In a claim old
archives are deleted once the new one has been read, and never the newest ones; in a bucket its lifecycle rules do that.
"""

from collections.abc import Iterator

from generator.cluster.k8s import (
    Object,
    container,
    cron_job,
    field_env,
    here,
    labels,
    mount,
    pod_template,
    proxy_env,
    scratch_volume,
    seconds,
    secret_volume,
    value_env,
    workload_name,
)
from generator.kinds.backup import Backup, Bucket
from generator.kinds.environment import Environment
from generator.kinds.runtime import Amount, Resources, Runtime
from generator.model import Artifact, Project, Resource

_KEEP = "Prune=false,Delete=false"
"""Archives outlive the spec that made them."""
_ARCHIVE = "$(JOB_NAME).archive.gz"
"""Kubernetes puts the name of the Job in: the CronJob and the minute for which it was scheduled. A second attempt of a
Job writes the same archive."""
_JOB_NAME = field_env("JOB_NAME", "metadata.labels['batch.kubernetes.io/job-name']")
_ARCHIVES, _DATABASE_SECRET, _BUCKET_SECRET, _TMP = "/archives", "/run/secrets/mongodb", "/run/secrets/bucket", "/tmp"  # noqa: S108
_RESOURCES = Resources(
    requests=Amount(cpu="250m", memory="256Mi"),
    limits=Amount(cpu="1", memory="1Gi"),
)


def render(project: Project) -> Iterator[Resource]:
    """Yield CronJobs and claims."""
    for backup in project.all(Backup):
        found = labels(project, backup, "backup")
        if backup.claim:
            yield _claim(backup, found)
        template, schedule = _template(project, backup, found), backup.spec.schedule
        late = seconds(schedule.starting_deadline)
        body = {"spec": cron_job(schedule, template, found, late=late, retries=2, kept=(3, 5))}
        yield Resource("batch/v1", "CronJob", workload_name(backup, "backup"), "backup", backup.source, body,
                       labels=found)  # fmt: skip


def _claim(backup: Backup, found: dict[str, str]) -> Resource:
    assert backup.claim
    storage_class = {"storageClassName": backup.claim.storage_class} if backup.claim.storage_class else {}
    spec: Object = {
        "accessModes": ["ReadWriteOncePod"],
        "resources": {"requests": {"storage": backup.claim.size}},
        **storage_class,
        "volumeMode": "Filesystem",
    }
    return Resource("v1", "PersistentVolumeClaim", backup.claim_name, "backup", backup.source, {"spec": spec},
                    labels=found, annotations={"argocd.argoproj.io/sync-options": _KEEP})  # fmt: skip


def _template(project: Project, backup: Backup, found: dict[str, str]) -> Object:
    environment = here(project)
    steps, volumes = [_dump(backup, environment)], [secret_volume("mongodb", backup.spec.credentials)]
    steps += [_verify(backup, runtime, environment) for runtime in _runtimes(project, backup)[:1]]
    if backup.bucket:
        volumes += [scratch_volume("archives", backup.spec.scratch), scratch_volume("tmp", "64Mi")]
        volumes += [secret_volume("bucket", backup.bucket.secret)]
        steps.append(_upload(backup, backup.bucket, environment))
    else:
        volumes += [{"name": "archives", "persistentVolumeClaim": {"claimName": backup.claim_name}}]
        volumes += [scratch_volume("tmp", "64Mi")]
    account = workload_name(backup, "backup")
    return pod_template(found, account, steps[-1:], volumes, environment=environment, grace=30, restart="Never",
                        init=steps[:-1])  # fmt: skip


def _runtimes(project: Project, backup: Backup) -> list[Runtime]:
    """Those whose image can read the archive, first the ones of the store; without any there is nothing to lose."""
    return sorted(project.all(Runtime), key=lambda runtime: (runtime.store.name != backup.store.name, runtime.name))


def _verify(backup: Backup, runtime: Runtime, environment: Environment) -> Object:
    """A bucket gets what is whole; in a claim that also decides what may go."""
    retention = backup.spec.retention
    prune = [] if backup.bucket else [f"--keep-days={retention.days}", f"--min-keep={retention.min_keep}"]
    return container(
        "verify",
        runtime.spec.image.reference(environment.spec.registry),
        ["archive", f"--file={_ARCHIVES}/{_ARCHIVE}", *prune],
        _RESOURCES,
        env=[_JOB_NAME],
        mounts=[mount("archives", _ARCHIVES, read_only=False), mount("tmp", _TMP, read_only=False)],
        storage=_storage(backup),
    )


def _dump(backup: Backup, environment: Environment) -> Object:
    what = "--oplog" if backup.spec.covers.oplog else f"--db={backup.store.spec.database}"
    return container(
        "dump",
        backup.spec.image.reference(environment.spec.registry),
        [
            f"--config={_DATABASE_SECRET}/{backup.spec.credentials.split('/')[1]}",
            what,
            "--readPreference=secondaryPreferred",
            "--gzip",
            f"--archive={_ARCHIVES}/{_ARCHIVE}",
        ],
        _RESOURCES,
        command=["mongodump"],
        env=[_JOB_NAME],
        mounts=[
            mount("mongodb", _DATABASE_SECRET),
            mount("archives", _ARCHIVES, read_only=False),
            mount("tmp", _TMP, read_only=False),
        ],
        storage=_storage(backup),
    )


def _upload(backup: Backup, bucket: Bucket, environment: Environment) -> Object:
    return container(
        "upload",
        bucket.image.reference(environment.spec.registry),
        [
            "copyto",
            f"--config={_TMP}/rclone.conf",
            "--log-level=INFO",
            f"{_ARCHIVES}/{_ARCHIVE}",
            f"bucket:{bucket.name}/{backup.prefix}/{_ARCHIVE}",
        ],
        _RESOURCES,
        command=["rclone"],
        env=[_JOB_NAME, *_remote(backup, bucket), *proxy_env(environment)],
        mounts=[mount("bucket", _BUCKET_SECRET), mount("archives", _ARCHIVES), mount("tmp", _TMP, read_only=False)],
        storage=_storage(backup),
    )


def _storage(backup: Backup) -> tuple[str, str]:
    """The archive lies in an empty volume, which counts as the pod's own disk: ask for room before it is needed."""
    return (backup.spec.scratch, backup.spec.scratch) if backup.bucket else ("64Mi", "1Gi")


def _remote(backup: Backup, bucket: Bucket) -> list[Object]:
    """The remote called `bucket`, as rclone reads it from variables."""
    options = {
        "TYPE": "s3",
        "PROVIDER": "Other",
        "ENDPOINT": bucket.endpoint,
        "REGION": bucket.region,
        "ENV_AUTH": "true",
        "SHARED_CREDENTIALS_FILE": f"{_BUCKET_SECRET}/{bucket.secret.split('/')[1]}",
        "NO_CHECK_BUCKET": "true",
        "SERVER_SIDE_ENCRYPTION": "AES256" if backup.spec.encryption == "at-rest" else "",
    }
    return [value_env(f"RCLONE_CONFIG_BUCKET_{name}", value) for name, value in options.items() if value]


ARTIFACT = Artifact("backups", render)
