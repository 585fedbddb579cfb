"""A page for each alert: what it is and where to look, then the runbook that people wrote."""

import re
from collections.abc import Iterator

from generator.alert_templates._template import prometheus
from generator.cluster.k8s import here
from generator.kinds.alerts import Alert, Alerts
from generator.model import Artifact, Project, TextFile
from generator.monitoring.common import alerts, links, query_url, runbook_file
from generator.rules.promql import NAMESPACE

_LABEL = re.compile(r"\{\{\s*\$labels\.(\w+)\s*\}\}")
_TITLES = {"dashboard_url": "Dashboard", "silence_url": "Silence it"}


def render(project: Project) -> Iterator[TextFile]:
    """Yield the pages."""
    for group, alert in alerts(project):
        yield TextFile(runbook_file(alert.name), _page(project, group, alert), group.source)


def _page(project: Project, group: Alerts, alert: Alert) -> str:
    found = links(project, group, alert)
    runbook = alert.runbook.replace(NAMESPACE, here(project).namespace)
    lines = [f"# {alert.name}", "", _LABEL.sub(r"*\1*", alert.summary) + ".", "", "| | |", "|---|---|"]
    lines += [f"| Severity | {' and '.join(alert.severities)} |", f"| Owner | {alert.owner} |"]
    lines += [f"| Its value now | {now} |" for now in [_now(project, alert)] if now]
    lines += [f"| {title} | <{found[key]}> |" for key, title in _TITLES.items() if key in found]
    return "\n".join([*lines, "", *_rules(alert), runbook.strip(), ""])


def _now(project: Project, alert: Alert) -> str:
    """Return links to the values that the alert watches, one for each rule of its first severity."""
    found = [(query_url(here(project), c.value), c) for c in alert.tiers[0].conditions]
    return ", ".join(f"[{' '.join(c.labels.values()) or 'Prometheus'}]({url})" for url, c in found if url)


def _rules(alert: Alert) -> Iterator[str]:
    for tier in alert.tiers:
        yield f"It is `{tier.severity}` when this has held for {prometheus(tier.pending)}:"
        yield from ("", "```promql")
        for condition in tier.conditions:
            yield from (f"# {label}: {value}" for label, value in condition.labels.items())
            yield condition.expr
        yield from ("```", "")


ARTIFACT = Artifact("runbooks", render)
