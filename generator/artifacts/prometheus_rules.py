"""A PrometheusRule for each group of alerts."""

from collections.abc import Iterator

from generator.alert_templates._template import Condition, prometheus
from generator.k8s import Object, here
from generator.kinds.alerts import Alert, Alerts, Tier
from generator.model import Artifact, Project, Resource
from generator.monitoring import links, selected


def render(project: Project) -> Iterator[Resource]:
    """Yield the rules of each group."""
    for group in project.all(Alerts):
        rules = [rule for alert in group.alerts for rule in _rules(project, group, alert)]
        body = {"spec": {"groups": [{"name": group.name, "rules": rules}]}}
        yield Resource("monitoring.coreos.com/v1", "PrometheusRule", group.name, "monitoring", group.source, body,
                       labels=selected(project, group))  # fmt: skip


def _rules(project: Project, group: Alerts, alert: Alert) -> Iterator[Object]:
    more = links(project, group, alert)
    for tier in alert.tiers:
        for condition in tier.conditions:
            yield {
                "alert": alert.name,
                "expr": condition.expr,
                "for": prometheus(tier.pending),
                "labels": _labels(project, alert, tier, condition),
                "annotations": {"summary": alert.summary, "description": tier.description, **more},
            }


def _labels(project: Project, alert: Alert, tier: Tier, condition: Condition) -> dict[str, str]:
    """The operator confines an AlertmanagerConfig to alerts with its own `namespace`, so every alert carries it."""
    environment = here(project)
    return {
        "severity": tier.severity,
        "owner": alert.owner,
        "environment": environment.name,
        "namespace": environment.namespace,
        **condition.labels,
    }


ARTIFACT = Artifact("prometheus_rules", render)
