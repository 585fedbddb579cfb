"""A project as rows of tables, for documents that people read. Each function returns rows of cells."""

from collections.abc import Iterable, Iterator

from generator.cluster.endpoints import ANYWHERE, endpoint, endpoints, service_of
from generator.cluster.k8s import ROLES, here, role, seconds, used_stores, workload_name
from generator.cluster.secret_uses import secret_uses
from generator.kinds.backup import Backup
from generator.kinds.channel import Channel
from generator.kinds.environment import EnvironmentSpec, Pods
from generator.kinds.report import Report
from generator.kinds.runtime import Runtime, Scaling
from generator.kinds.state_store import Connection, StateStore
from generator.kinds.team import Team
from generator.kinds.workflow import Workflow
from generator.model import Project, Thing
from runtime.contract import PORT, TriggerDocument

Row = tuple[str, ...]


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a Markdown table, or `None.` for no rows; bars and line breaks inside cells are escaped."""
    lines = [list(head), *map(list, rows)]
    if len(lines) == 1:
        return "None."
    lines.insert(1, ["---"] * len(lines[0]))
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split()) or "-"


def pods_text(pods: Pods) -> str:
    """Return pods as `namespace monitoring, app=prometheus`."""
    chosen = ", ".join(f"{key}={value}" for key, value in sorted(pods.labels.items()))
    return f"namespace {pods.namespace}, {chosen}"


def teams(project: Project) -> list[Row]:
    """Return team, mail, channels, what it owns and what it approves."""
    return [
        (team.title, team.mail, team.channel or "", team.critical_channel or "", _owned(project, team.name),
         ", ".join(team.approves))
        for team in project.all(Team)
    ]  # fmt: skip


def _owned(project: Project, team: str) -> str:
    """Things that people ask about; agents and tools go with the workflows that use them."""
    asked: list[Thing] = [*project.all(Runtime), *project.all(StateStore), *project.all(Backup)]
    return ", ".join(f"{thing.source.kind} {thing.name}" for thing in asked if thing.owner == team)


# --- what runs --------------------------------------------------------------------------------------------------------


def workloads(project: Project) -> list[Row]:
    """Return workload, pods, resources, image and owner."""
    registry = here(project).spec.registry
    rows: list[Row] = []
    for runtime in project.all(Runtime):
        image = runtime.spec.image.reference(registry)
        for name in ROLES:
            size = role(runtime, name).resources
            amounts = f"{size.requests.cpu}, {size.requests.memory} / {size.limits.cpu}, {size.limits.memory}"
            pods = _pods(role(runtime, name).replicas)
            rows.append((f"Deployment {workload_name(runtime, name)}", pods, amounts, image, runtime.owner))
    rows += [
        (f"Job {workload_name(store, 'indexes')}", "once for each change", "", "the runtime's", store.owner)
        for store in used_stores(project)
    ]
    for backup in project.all(Backup):
        schedule = f"{backup.spec.schedule.cron} {backup.spec.schedule.time_zone}"
        image = backup.spec.image.reference(registry)
        rows.append((f"CronJob {workload_name(backup, 'backup')}", schedule, "", image, backup.owner))
    return rows


def _pods(scaling: Scaling) -> str:
    if scaling.min == scaling.max:
        return str(scaling.min)
    return f"{scaling.min} to {scaling.max}, more above {scaling.cpu} % of the CPU that is asked for"


def workflows(project: Project) -> list[Row]:
    """Return name, triggers, owner and description of what the runtimes serve."""
    served = {workflow.name: workflow for runtime in project.all(Runtime) for workflow in runtime.workflows}
    parents = {below.name: name for name, workflow in sorted(served.items()) for below in workflow.workflows}
    return [
        (name, _started(workflow, parents.get(name)), workflow.owner, workflow.description)
        for name, workflow in sorted(served.items())
    ]


def _started(workflow: Workflow, parent: str | None) -> str:
    causes = [_trigger(trigger) for trigger in workflow.document.triggers]
    return ", ".join([*causes, *([f"workflow {parent}"] if parent else [])]) or "API"


def _trigger(trigger: TriggerDocument) -> str:
    return f"channel {trigger.channel}" if trigger.channel else f"`{trigger.cron}` {trigger.time_zone}"


def channels(project: Project) -> list[Row]:
    """Return the channels that systems outside write to: name, those systems, and workflows that an event starts."""
    served = {workflow.name: workflow for runtime in project.all(Runtime) for workflow in runtime.workflows}
    started: dict[str, list[str]] = {}
    for name, workflow in sorted(served.items()):
        for trigger in workflow.document.triggers:
            if trigger.channel:
                started.setdefault(trigger.channel, []).append(name)
    rows = [(channel.name, ", ".join(channel.producers), ", ".join(started.get(channel.name, [])))
            for channel in project.all(Channel) if channel.producers]  # fmt: skip
    return rows if served else []


# --- secrets and network ----------------------------------------------------------------------------------------------


def secrets(project: Project) -> list[Row]:
    """Return secret, key, what it holds and who reads it: one row for each key."""
    found: dict[tuple[str, str], tuple[dict[str, None], dict[str, None]]] = {}
    for use in secret_uses(project):
        holds, users = found.setdefault((use.name, use.key), ({}, {}))
        holds[use.holds], users[use.user] = None, None
    return [(name, key, "; ".join(holds), ", ".join(users)) for (name, key), (holds, users) in sorted(found.items())]


def network(project: Project) -> list[Row]:
    """Return source, target, port and cause of every connection that is let through."""
    environment = here(project).spec
    rows: list[Row] = []
    for runtime in project.all(Runtime):
        rows += _inward(runtime, environment)
        rows.append(
            (f"{runtime.name}, all roles", *_store(runtime.store.spec.connection), f"StateStore {runtime.store.name}")
        )
        rows += _outward(runtime, environment)
    for store in used_stores(project):
        rows.append((workload_name(store, "indexes"), *_store(store.spec.connection), f"StateStore {store.name}"))
    for backup in project.all(Backup):
        name, store = workload_name(backup, "backup"), backup.store
        rows.append((name, *_store(store.spec.connection), f"StateStore {store.name}"))
        if backup.bucket:
            one = endpoint(backup.bucket.endpoint, f"Backup {backup.name}")
            rows.append((name, one.host, str(one.port), one.cause))
    for report in project.all(Report):
        name, one = workload_name(report, "report"), endpoint(report.document.prometheus, f"Report {report.name}")
        rows += [(name, one.host, str(one.port), one.cause), (name, "any public address", "443", "its recipients")]
    rows.append(("every pod", pods_text(environment.cluster.dns), "53", "names"))
    return rows


def _inward(runtime: Runtime, environment: EnvironmentSpec) -> Iterator[Row]:
    monitoring = environment.monitoring
    prometheus = Pods(namespace=monitoring.namespace, labels=monitoring.prometheus_labels)
    yield pods_text(prometheus), f"{runtime.name}, all roles", str(PORT), "metrics"
    for caller in environment.ingress:
        yield pods_text(caller), workload_name(runtime, "api"), str(PORT), "API"


def _outward(runtime: Runtime, environment: EnvironmentSpec) -> Iterator[Row]:
    causes: dict[tuple[str, int], list[str]] = {}
    for one in endpoints(runtime):
        service = service_of(one, environment)
        where = "any public address" if one.host == ANYWHERE else one.host
        target = f"{where} ({pods_text(service)})" if service else where
        causes.setdefault((target, one.port), []).append(one.cause)
    for (target, port), found in sorted(causes.items()):
        yield workload_name(runtime, "worker"), target, str(port), ", ".join(found)


def _store(connection: Connection) -> tuple[str, str]:
    if connection.service:
        return pods_text(connection.service), ", ".join(map(str, connection.service.ports))
    return ", ".join(connection.addresses) or "nothing: no rule can be derived", str(connection.port)


# --- backup -----------------------------------------------------------------------------------------------------------


def backup_facts(backup: Backup) -> list[Row]:
    """Return what a backup does and promises, as name and value."""
    spec, schedule, bucket = backup.spec, backup.spec.schedule, backup.bucket
    archive = "<CronJob>-<minute>.archive.gz"
    where = (
        f"s3://{bucket.name}/{backup.prefix}/{archive} at {bucket.endpoint}"
        if bucket
        else f"claim {backup.claim_name}, {archive}"
    )
    what = (
        "the whole server, at one moment"
        if spec.covers.oplog
        else f"database {backup.store.spec.database}, each collection at its own moment"
    )
    encrypted = "asked of the bucket with every archive" if bucket else "by the storage class, if it does so"
    return [
        ("when", f"`{schedule.cron}` {schedule.time_zone}, stopped after {seconds(schedule.deadline) // 60} minutes"),
        ("what", f"StateStore {backup.store.name}: {what}"),
        ("where", where),
        ("encryption", encrypted if spec.encryption == "at-rest" else "**none**"),
        (
            "to be kept",
            f"at least {spec.retention.days} days, and never fewer than the {spec.retention.min_keep} newest",
        ),
        ("may lose (rpo)", spec.objectives.rpo),
        ("may take to restore (rto)", f"{spec.objectives.rto}, a wish until a restore was timed"),
        ("owner", backup.owner),
    ]
