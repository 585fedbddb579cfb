"""A PrometheusRule for each spec that declares alerts: what is recorded for them, then the alerts."""

import re
from collections.abc import Iterator, Mapping

from generator.alert_templates._template import Condition, prometheus
from generator.cluster.k8s import Object, here
from generator.kinds._alerting import Alert, AlertGroup, Record, Tier
from generator.model import Artifact, Project, Resource
from generator.monitoring.common import alert_groups, links, rule_name, selected


def render(project: Project) -> Iterator[Resource]:
    """Yield the rules of each group."""
    for group in alert_groups(project):
        rules = [*map(_record, group.records)]
        rules += [rule for alert in group.alerts for rule in _rules(project, group, alert)]
        name, body = rule_name(group), {"spec": {"groups": [{"name": rule_name(group), "rules": rules}]}}
        if rules:
            yield Resource("monitoring.coreos.com/v1", "PrometheusRule", name, "monitoring", group.source, body,
                           labels=selected(project, group))  # fmt: skip


def _record(record: Record) -> Object:
    return {"record": record.name, "expr": record.expr, "labels": dict(record.labels)}


def _rules(project: Project, group: AlertGroup, alert: Alert) -> Iterator[Object]:
    more = links(project, group, alert)
    for tier in alert.tiers:
        for condition in tier.conditions:
            labels = _labels(project, alert, tier, condition)
            texts = {"summary": alert.summary, "description": tier.description}
            yield {
                "alert": alert.name,
                "expr": condition.expr,
                "for": prometheus(tier.pending),
                "labels": labels,
                "annotations": {**{key: _filled(text, alert, labels) for key, text in texts.items()}, **more},
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


def _filled(text: str, alert: Alert, labels: Mapping[str, str]) -> str:
    """Put a rule's own labels into a text: Prometheus' `$labels` has only those that the expression gives."""
    for name, value in {"alertname": alert.name, **labels}.items():
        text = re.sub(rf"\{{\{{\s*\$labels\.{name}\s*\}}\}}", value, text)
        text = re.sub(rf"\$labels\.{name}\b", f'"{value}"', text)
    return text


ARTIFACT = Artifact("prometheus_rules", render)
