"""What rules, messages, dashboards and runbooks have in common: labels, and the links between them."""

from collections.abc import Iterator
from urllib.parse import quote

from generator.cluster.k8s import here, labels
from generator.kinds._alerting import Alert, AlertGroup
from generator.kinds.dashboard import Dashboard
from generator.kinds.environment import Environment
from generator.model import Project, Thing


def selected(project: Project, thing: Thing) -> dict[str, str]:
    """Return the labels by which the Prometheus Operator picks an object up."""
    return {**labels(project, thing), **here(project).spec.monitoring.selector_labels}


def alert_groups(project: Project) -> list[AlertGroup]:
    """Return everything that declares alerts, by kind and name."""
    found = [thing for thing in project if isinstance(thing, AlertGroup)]
    return sorted(found, key=lambda group: (group.source.kind, group.name))


def alerts(project: Project) -> Iterator[tuple[AlertGroup, Alert]]:
    """Yield every alert with its group."""
    for group in alert_groups(project):
        yield from ((group, alert) for alert in group.alerts)


def rule_name(group: AlertGroup) -> str:
    """Return the name of a group's PrometheusRule: specs of several kinds may share one name."""
    kind = group.source.kind
    return group.name if kind == "Alerts" else f"{kind.lower()}-{group.name}"


def runbook_file(alert: str) -> str:
    """Return where the runbook of an alert lies below the environment's documents."""
    return f"runbooks/{alert}.md"


def links(project: Project, group: AlertGroup, alert: Alert) -> dict[str, str]:
    """Return the links of an alert by what they lead to, without those for which the environment has no address."""
    environment = here(project)
    urls = environment.spec.urls
    found: dict[str, str | None] = {
        "runbook_url": _below(urls.runbooks, runbook_file(alert.name)),
        "dashboard_url": dashboard_url(environment, dashboard_of(project, group, alert)),
        "silence_url": _below(urls.alertmanager, f"#/silences/new?filter={_silence(environment, alert)}"),
    }
    return {name: url for name, url in found.items() if url}


def dashboard_of(project: Project, group: AlertGroup, alert: Alert) -> Dashboard | None:
    """Return the dashboard that an alert links to: the group's own, or the first that shows its spec or it."""
    if group.dashboard:
        return project.get(Dashboard, group.dashboard)
    shown = {"Objective": Dashboard.objectives, "Detector": Dashboard.detectors}.get(group.source.kind)
    own = (d for d in project.all(Dashboard) if shown and group.name in shown(d))
    return next(own, next((d for d in project.all(Dashboard) if alert.name in d.alerts()), None))


def dashboard_url(environment: Environment, dashboard: Dashboard | None) -> str | None:
    """Return the address of a dashboard."""
    return _below(environment.spec.urls.grafana, f"d/{dashboard.uid}") if dashboard else None


def query_url(environment: Environment, expression: str) -> str | None:
    """Return the address at which Prometheus shows an expression."""
    return _below(environment.spec.urls.prometheus, f"graph?g0.expr={quote(expression, safe='')}&g0.tab=0")


def _silence(environment: Environment, alert: Alert) -> str:
    return quote(f'{{alertname="{alert.name}",namespace="{environment.namespace}"}}', safe="")


def _below(base: str | None, path: str) -> str | None:
    return f"{base.rstrip('/')}/{path}" if base else None
