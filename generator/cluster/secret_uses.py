"""Which secrets a project refers to, what they hold, and who reads them. They exist before anything is synced."""

from collections.abc import Iterator
from dataclasses import dataclass

from generator.cluster.k8s import ROLES, here, used_stores, workload_name
from generator.kinds.backup import Backup
from generator.kinds.notifications import Notifications
from generator.kinds.report import Report
from generator.kinds.runtime import Runtime
from generator.model import Project

DOCKER = ".dockerconfigjson"
"""Key of a secret with a registry's credentials; its type is `kubernetes.io/dockerconfigjson`."""


@dataclass(frozen=True, order=True)
class SecretUse:
    """One key of one secret, and one of those who read it."""

    name: str
    key: str
    holds: str
    """What is in it, for people."""
    user: str
    """Who reads it, such as `apm-multi-agent-worker` or `Alertmanager`."""


def secret_uses(project: Project) -> tuple[SecretUse, ...]:
    """Return all uses, sorted, each once."""
    found = (
        *_of_registry(project),
        *_of_stores(project),
        *_of_runtimes(project),
        *_of_backups(project),
        *_of_notifications(project),
        *_of_reports(project),
    )
    return tuple(sorted({_use(*one) for one in found}))


def _use(reference: str, holds: str, user: str) -> SecretUse:
    name, key = reference.split("/")
    return SecretUse(name, key, holds, user)


_Found = Iterator[tuple[str, str, str]]


def _of_registry(project: Project) -> _Found:
    for name in here(project).spec.pull_secrets:
        yield f"{name}/{DOCKER}", "credentials of the image registry", "every pod"


def _of_stores(project: Project) -> _Found:
    for store in used_stores(project):
        holds = f"MongoDB URI of {store.name}"
        yield store.spec.connection.secret, holds, workload_name(store, "indexes")
    for runtime in project.all(Runtime):
        for role in ROLES:
            holds = f"MongoDB URI of {runtime.store.name}"
            yield runtime.store.spec.connection.secret, holds, workload_name(runtime, role)


def _of_runtimes(project: Project) -> _Found:
    for runtime in project.all(Runtime):
        yield runtime.spec.api_keys, "keys of the HTTP API, one a line", workload_name(runtime, "api")
        if runtime.spec.tokens:
            yield runtime.spec.tokens.jwks, "public keys of the issuer of tokens (JWKS)", workload_name(runtime, "api")
        worker = workload_name(runtime, "worker")
        if runtime.spec.traces and runtime.spec.traces.headers:
            yield runtime.spec.traces.headers, "headers for the collector of traces, name=value", worker
        for kind, things in (("models", runtime.models()), ("tools", runtime.tools())):
            for thing in things:
                if thing.secret:
                    yield thing.secret, f"credential for {kind}", worker


def _of_backups(project: Project) -> _Found:
    for backup in project.all(Backup):
        user = workload_name(backup, "backup")
        yield backup.spec.credentials, "mongodump configuration: a line `uri: ...`, user with read rights only", user
        if backup.bucket:
            yield backup.bucket.secret, f"AWS credentials file for bucket {backup.bucket.name}, write only", user


def _of_reports(project: Project) -> _Found:
    for report in project.all(Report):
        for one in report.spec.recipients:
            kind = "Slack webhook" if one.slack else "address"
            yield one.secret, f"{kind} that takes the report {report.name}", workload_name(report, "report")


def _of_notifications(project: Project) -> _Found:
    for notifications in project.all(Notifications):
        for name, receiver in notifications.spec.receivers.items():
            if receiver.slack:
                yield receiver.slack.webhook, f"Slack webhook of receiver {name}", "Alertmanager"
            if receiver.webhook:
                holds = f"one key of the API of {receiver.webhook.runtime}, for receiver {name}"
                yield receiver.webhook.credentials, holds, "Alertmanager"
