"""What has to be in a cluster before the first sync, because something rendered relies on it. Rows for documents."""

from collections.abc import Iterator

from generator.cluster.facts import Row
from generator.cluster.k8s import ROLES, here, role
from generator.kinds._alerting import AlertGroup
from generator.kinds.dashboard import Dashboard
from generator.kinds.environment import Environment, Monitoring
from generator.kinds.metrics import Metrics
from generator.kinds.notifications import Notifications
from generator.kinds.runtime import Runtime
from generator.model import Project
from generator.rules.promql import parse

ARGO_CD = "3.2"
"""The first version whose Applications have `retry.refresh`."""
APPLICATION_HEALTH = """\
local s = obj.status or {}
local finished = (s.operationState or {}).finishedAt
local synced = s.sync ~= nil and s.sync.status == "Synced"
local compared = s.history ~= nil and finished ~= nil and s.reconciledAt ~= nil and s.reconciledAt > finished
if s.health ~= nil and (synced or compared) then
  return {status = s.health.status, message = s.health.message}
end
return {status = "Progressing", message = "not compared since its sync"}
"""
"""A health rule for Applications in `argocd-cm`, without which Argo CD doesn't wait between their waves.

The usual one copies `status.health`, which is Healthy before anything was applied: the next wave may start too early.
Right after a sync it still is the health from before, until the comparison that says Synced, or one that began in a
later second than the sync ended (times are RFC 3339 in UTC, and sort as texts).
"""
CLAIM_HEALTH = """\
local s = obj.status or {}
if s.phase == "Lost" then
  return {status = "Degraded", message = "its volume is lost"}
end
return {status = "Healthy", message = s.phase or "not bound yet"}
"""
"""A health rule for claims in `argocd-cm`: one that its first pod binds is Progressing until then, by Argo CD's own."""
IN_CLUSTER = "https://kubernetes.default.svc"


def prerequisites(project: Project) -> list[Row]:
    """Return what has to be there and what it is for."""
    environment = here(project)
    return [
        *_argo(environment),
        *_secrets(environment),
        *_autoscaling(project),
        *_operator(project, environment),
        *_grafana(project, environment),
        *_exporters(project),
    ]


def _argo(environment: Environment) -> Iterator[Row]:
    argo, server = environment.spec.argocd, environment.spec.cluster.server
    if argo is None:
        return
    where = f"in namespace {argo.namespace}"
    yield f"Argo CD {ARGO_CD} or later {where}", "Applications: an older one has no `retry.refresh`"
    how = f"`argocd repo add`, or a Secret {where} with the label `argocd.argoproj.io/secret-type: repository`"
    yield f"a credential of Argo CD for {argo.repo_url}, unless everybody may read it: {how}", "to read this repository"
    if server != IN_CLUSTER:
        yield f"the cluster {server} in Argo CD: `argocd cluster add`", "to write to it"


def _secrets(environment: Environment) -> Iterator[Row]:
    if environment.spec.secrets == "external-secrets":
        yield f"External Secrets Operator with ClusterSecretStore {environment.spec.secret_store}", "secrets"


def _autoscaling(project: Project) -> Iterator[Row]:
    roles = [role(runtime, name).replicas for runtime in project.all(Runtime) for name in ROLES]
    if any(scaling.max > scaling.min for scaling in roles):
        yield "metrics-server, or another source of the resource metrics API", "autoscalers"


# --- monitoring -------------------------------------------------------------------------------------------------------


def _operator(project: Project, environment: Environment) -> Iterator[Row]:
    """Its selectors are empty or null by default, and then take nothing of other namespaces or nothing at all."""
    where, labelled = f"namespace {environment.namespace}", _labelled(environment.spec.monitoring)
    watched = {"serviceMonitor": project.all(Runtime), "rule": _alert_groups(project)}
    for name, purpose in (("serviceMonitor", "metrics of the pods"), ("rule", "alerts")):
        if watched[name]:
            fields = f"`{name}NamespaceSelector` takes {where}, and `{name}Selector` takes {labelled}"
            yield f"Prometheus Operator, in whose Prometheus object {fields}", purpose
    if project.all(Notifications):
        fields = (
            f"`alertmanagerConfigNamespaceSelector` takes {where}, and `alertmanagerConfigSelector` takes {labelled}"
        )
        yield f"Prometheus Operator, in whose Alertmanager object {fields}", "notifications"


def _labelled(monitoring: Monitoring) -> str:
    chosen = ", ".join(f"`{key}: {value}`" for key, value in sorted(monitoring.selector_labels.items()))
    return f"objects with {chosen}" if chosen else "all objects"


def _grafana(project: Project, environment: Environment) -> Iterator[Row]:
    if not project.all(Dashboard):
        return
    monitoring = environment.spec.monitoring
    chosen = ", ".join(f"`{key}: {value}`" for key, value in sorted(monitoring.dashboard_labels.items()))
    where = (
        f"in namespace {environment.namespace} too (by default in its own only; `searchNamespace` in the Helm chart)"
    )
    yield f"Grafana's sidecar for dashboards, which looks for ConfigMaps with {chosen} {where}", "dashboards"
    yield f"in Grafana a Prometheus data source with the uid `{monitoring.datasource_uid}`", "dashboards"


def _exporters(project: Project) -> Iterator[Row]:
    """One row for each exporter that alerts or dashboards read, with the alerts that never fire without it."""
    reads = _reads(project)
    for exporter in project.all(Metrics):
        series = [name for family in exporter.families for name in (family.name, f"{family.name}_bucket")]
        names = [family.name for family in exporter.families]
        alerts = dict.fromkeys(alert for name in series for alert in reads.get(name, ()))
        text = f"Prometheus collects from {exporter.name}: {', '.join(f'`{name}`' for name in names)}"
        if any("namespace" in family.labels for family in exporter.families):
            text += " (with `honorLabels: true`, so that `namespace` is the object's and not the exporter's)"
        yield text, f"alerts {', '.join(alerts)}" if alerts else "dashboards"


def _reads(project: Project) -> dict[str, dict[str, None]]:
    """Return the alerts that read a series, by its name."""
    found: dict[str, dict[str, None]] = {}
    for group in _alert_groups(project):
        recorded = [record.expr for record in group.records]
        for alert in group.alerts:
            conditions = [condition.expr for tier in alert.tiers for condition in tier.conditions]
            for read in (read for text in (*recorded, *conditions) for read in parse(text).reads):
                found.setdefault(read.metric, {})[alert.name] = None
    return found


def _alert_groups(project: Project) -> list[AlertGroup]:
    return [thing for thing in project if isinstance(thing, AlertGroup)]
