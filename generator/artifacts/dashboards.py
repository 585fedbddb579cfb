"""A ConfigMap for each dashboard, which Grafana's sidecar loads by its label."""

from collections.abc import Iterator

from generator.cluster.k8s import here, labels
from generator.kinds.dashboard import Dashboard
from generator.model import Artifact, Project, Resource
from generator.monitoring.common import alerts, links
from generator.monitoring.grafana import to_json


def render(project: Project) -> Iterator[Resource]:
    """Yield the dashboards."""
    environment = here(project)
    monitoring = environment.spec.monitoring
    for dashboard in project.all(Dashboard):
        known = {alert.name: (alert, links(project, group, alert)) for group, alert in alerts(project)}
        text = to_json(dashboard, known, environment.namespace, monitoring.datasource_uid)
        found = {**labels(project, dashboard), **monitoring.dashboard_labels}
        body = {"data": {f"{dashboard.uid}.json": text}}
        yield Resource(
            "v1", "ConfigMap", f"dashboard-{dashboard.name}", "monitoring", dashboard.source, body, labels=found
        )


ARTIFACT = Artifact("dashboards", render)
