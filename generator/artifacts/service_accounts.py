"""An identity of its own for each workload, without a token: nothing here talks to the Kubernetes API."""

from collections.abc import Iterator

from generator.cluster.k8s import ROLES, labels, used_stores, workload_name
from generator.kinds.backup import Backup
from generator.kinds.report import Report
from generator.kinds.runtime import Runtime
from generator.model import Artifact, Group, Project, Resource, Thing


def render(project: Project) -> Iterator[Resource]:
    """Yield the ServiceAccounts of runtimes, index jobs, backups and reports."""
    for runtime in project.all(Runtime):
        for role in ROLES:
            yield _account(project, runtime, role, "runtime")
    for store in used_stores(project):
        yield _account(project, store, "indexes", "state")
    for backup in project.all(Backup):
        yield _account(project, backup, "backup", "backup")
    for report in project.all(Report):
        yield _account(project, report, "report", "monitoring")


def _account(project: Project, thing: Thing, component: str, group: Group) -> Resource:
    name, found = workload_name(thing, component), labels(project, thing, component)
    body = {"automountServiceAccountToken": False}
    return Resource("v1", "ServiceAccount", name, group, thing.source, body, labels=found)


ARTIFACT = Artifact("service_accounts", render)
