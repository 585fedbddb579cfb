"""HANDOVER.md: what whoever takes over an environment has to know, drawn from the same specs as everything else."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from generator.cluster import facts, sharding
from generator.cluster.endpoints import endpoints, service_of
from generator.cluster.k8s import ROLES, RoleName, groups, here, role, used_stores, workload_name
from generator.cluster.prerequisites import APPLICATION_HEALTH, CLAIM_HEALTH, prerequisites
from generator.kinds.backup import Backup
from generator.kinds.dashboard import Dashboard
from generator.kinds.environment import Environment
from generator.kinds.maintenance import Maintenance
from generator.kinds.model import Model
from generator.kinds.notifications import Notifications, Receiver
from generator.kinds.objective import Objective
from generator.kinds.runtime import Runtime
from generator.kinds.state_store import StateStore
from generator.kinds.system import System
from generator.kinds.waiver import Waiver
from generator.model import Artifact, Project, TextFile
from generator.monitoring.common import alerts, runbook_file
from runtime.contract import PORT

TEMPLATE = Path(__file__).parent.parent / "templates" / "handover.md.j2"
NO_DIGEST = "sha256:" + "0" * 64
"""Stands in a spec until a release writes the digest of an image that exists."""


def render(project: Project) -> Iterator[TextFile]:
    """Yield the document; an environment that nothing is rendered for has none."""
    import jinja2

    markdown = jinja2.Environment(
        autoescape=False,  # noqa: S701  (no HTML)
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        lstrip_blocks=True,
        trim_blocks=True,
    )
    template = markdown.from_string(TEMPLATE.read_text(encoding="utf-8"))
    yield TextFile("HANDOVER.md", template.render(_values(project)), here(project).source)


def _values(project: Project) -> dict[str, Any]:
    environment = here(project)
    return {
        "table": facts.table,
        "title": project.one(System).title,
        "environment": environment.name,
        "description": environment.description or project.one(System).description,
        "namespace": environment.namespace,
        "facts": _facts(project, environment),
        "teams": facts.teams(project),
        "workloads": facts.workloads(project),
        "unpublished": _unpublished(project),
        "workflows": facts.workflows(project),
        "channels": facts.channels(project),
        "prerequisites": prerequisites(project),
        "addresses": _addresses(project, environment),
        "callers": [facts.pods_text(pods) for pods in environment.spec.ingress] if project.all(Runtime) else [],
        "secrets": facts.secrets(project),
        "secret_store": environment.spec.secret_store if environment.spec.secrets == "external-secrets" else "",
        "secret_path": environment.spec.secret_path or environment.namespace,
        "network": facts.network(project),
        "proxy": environment.spec.egress_proxy.url if environment.spec.egress_proxy else "",
        "backups": [_backup(backup) for backup in project.all(Backup)],
        "reads_backups": bool(project.all(Runtime)),
        "uncovered": [f"{name} of {store.name}" for store in used_stores(project) for name in store.uncovered()],
        "prices": _prices(project),
        "waivers": _waivers(project, environment),
        "duties": [_duty(duty) for duty in project.all(Maintenance) if duty.alerts],
        "objectives": [_objective(objective) for objective in project.all(Objective)],
        **_alerts(project),
        **_commands(project, environment),
        **_gaps(project, environment),
    }


def _prices(project: Project) -> list[facts.Row]:
    documents = [(model, model.document) for model in project.all(Model)]
    return [
        (model.name, of.model, of.price_in or "", of.price_out or "", model.price_date or "", model.price_source or "")
        for model, of in documents
        if of.price_in or of.price_out
    ]


def _waivers(project: Project, environment: Environment) -> list[facts.Row]:
    specs = [waiver.spec for waiver in project.all(Waiver)]
    return [
        (spec.rule, f"{spec.scope.kind} {spec.scope.name}", spec.reason, spec.owner, spec.expires)
        for spec in specs
        if spec.scope.environment == environment.name
    ]


def _duty(duty: Maintenance) -> facts.Row:
    spec, (alert,) = duty.spec, duty.alerts
    when = f"`{spec.schedule.cron}` {spec.schedule.time_zone}"
    how = f"[{alert.name}]({runbook_file(alert.name)})"
    return (duty.name, duty.owner, when, spec.last_done, f"{spec.due:%Y-%m-%d}", spec.grace, how)


def _objective(objective: Objective) -> facts.Row:
    spec = objective.spec
    what = objective.description or spec.summary
    return (objective.name, what, spec.target, spec.window, objective.owner)


def _facts(project: Project, environment: Environment) -> list[facts.Row]:
    spec, quota = environment.spec, environment.spec.quota
    most = f"{quota.cpu} CPU, {quota.memory} memory, {quota.pods} pods, {quota.storage} storage"
    return [
        ("namespace", environment.namespace),
        ("cluster", f"{spec.cluster.name}, Kubernetes {spec.cluster.version}"),
        ("protected", "yes: stricter rules hold here" if environment.protected else "no"),
        ("changes come from", spec.promotes_from or "whoever merges"),
        ("quota", most),
        ("Pod Security", project.one(System).pod_security),
    ]


def _unpublished(project: Project) -> list[str]:
    images = [(runtime.spec.image, f"Runtime {runtime.name}") for runtime in project.all(Runtime)]
    for backup in project.all(Backup):
        images.append((backup.spec.image, f"Backup {backup.name}"))
        if backup.bucket:
            images.append((backup.bucket.image, f"Backup {backup.name} (bucket)"))
    return [name for image, name in images if image.digest == NO_DIGEST]


def _addresses(project: Project, environment: Environment) -> list[facts.Row]:
    urls = environment.spec.urls
    named = {
        "Grafana": urls.grafana,
        "Prometheus": urls.prometheus,
        "Alertmanager": urls.alertmanager,
        "runbooks": urls.runbooks,
    }
    rows = [(name, url) for name, url in named.items() if url]
    if urls.grafana:
        start = f"{urls.grafana.rstrip('/')}/d/"
        rows += [(f"dashboard {d.spec.title}", f"{start}{d.uid}") for d in project.all(Dashboard)]
    for runtime in project.all(Runtime):
        host = f"{workload_name(runtime, 'api')}.{environment.namespace}.svc:{PORT}"
        paths = f"`/healthz`, `/readyz`, `/metrics` at port {PORT}"
        rows.append((f"API of {runtime.name}, inside the cluster", f"http://{host}"))
        rows.append((f"health and metrics of {runtime.name}, every pod", paths))
    return rows


# --- alerts -----------------------------------------------------------------------------------------------------------


def _alerts(project: Project) -> dict[str, Any]:
    counts: dict[tuple[str, str], int] = {}
    for _, alert in alerts(project):
        for severity in alert.severities:
            counts[severity, alert.owner] = counts.get((severity, alert.owner), 0) + 1
    rules = project.all(Notifications)
    rows = [(s, owner, _receivers(rules, s, owner), str(count)) for (s, owner), count in sorted(counts.items())]
    return {"alerts": sum(counts.values()), "notifications": bool(rules), "routes": rows}


def _receivers(rules: Iterable[Notifications], severity: str, owner: str) -> str:
    found = [(name, one.spec.receivers[name]) for one in rules for name in one.told(severity, owner)]
    told = [f"{name} ({_where(receiver)})" for name, receiver in found]
    return ", ".join(told) or ("nobody: only shown" if severity == "info" else "**nobody**")


def _where(receiver: Receiver) -> str:
    slack = [receiver.slack.channel] if receiver.slack else []
    return ", ".join([*slack, *([f"event of channel {receiver.webhook.channel}"] if receiver.webhook else [])])


# --- what people do by hand -------------------------------------------------------------------------------------------


def _backup(backup: Backup) -> dict[str, Any]:
    replay = "--oplogReplay" if backup.spec.covers.oplog else f"--nsInclude='{backup.store.spec.database}.*'"
    return {
        "name": backup.name,
        "owner": f"team {backup.store.owner}",
        "job": workload_name(backup, "backup"),
        "facts": facts.backup_facts(backup),
        "bucket": backup.bucket.name if backup.bucket else "",
        "days": backup.spec.retention.days,
        "min_keep": backup.spec.retention.min_keep,
        "restore": f"mongorestore --config=CREDENTIALS --gzip --archive=ARCHIVE {replay} --drop --stopOnError",
    }


def _commands(project: Project, environment: Environment) -> dict[str, Any]:
    argo, runtimes = environment.spec.argocd, project.all(Runtime)
    divided = sharding.of(project)
    names = [folder for group in groups(project) if group != "argocd" for folder in divided.folders(group)]
    system = f"{project.one(System).name}-{environment.name}"
    healed = "Argo CD undoes edits in the cluster within seconds."
    return {
        "groups": names,
        "applications": [f"{system}-{group}" for group in names] if argo else [],
        "application_health": APPLICATION_HEALTH,
        "claim_health": CLAIM_HEALTH,
        "argocd_namespace": argo.namespace if argo else "",
        "self_heal": healed if argo and argo.self_heal else "Nothing undoes edits in the cluster.",
        "paused": [f"{system}-{folder}" for folder in ("argocd", *divided.folders("runtime"))],
        "restart": [_start(runtime, name, environment.namespace) for runtime in runtimes for name in ROLES],
        "apis": [workload_name(runtime, "api") for runtime in runtimes],
    }


def _start(runtime: Runtime, name: RoleName, namespace: str) -> str:
    replicas = role(runtime, name).replicas.min
    return f"kubectl -n {namespace} scale deployment {workload_name(runtime, name)} --replicas={replicas}"


# --- what is left to others -------------------------------------------------------------------------------------------


def _gaps(project: Project, environment: Environment) -> dict[str, Any]:
    runtimes = project.all(Runtime)
    functions = {tool.document.function for runtime in runtimes for tool in runtime.tools()}
    return {
        "stores": [_store(store) for store in used_stores(project)],
        "unreachable": [found for runtime in runtimes for found in _unreachable(runtime, environment)],
        "in_cluster_backup": any(backup.claim for backup in project.all(Backup)),
        "pod_files": bool(functions & {"file-read", "file-write"}),
    }


def _store(store: StateStore) -> dict[str, Any]:
    connection = store.spec.connection
    return {
        "name": store.name,
        "retention": store.spec.runtime_retention,
        "members": store.spec.members,
        "secret": connection.secret,
        "owner": store.owner,
        "tls": connection.tls,
    }


def _unreachable(runtime: Runtime, environment: Environment) -> Iterator[tuple[str, str]]:
    for one in endpoints(runtime):
        if one.in_cluster and not service_of(one, environment.spec):
            yield one.host, one.cause


ARTIFACT = Artifact("handover", render)
