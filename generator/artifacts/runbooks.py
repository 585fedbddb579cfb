"""A page for each alert: what it is and where to look, then the runbook that people wrote."""

from collections.abc import Iterator

from generator.alert_templates._template import prometheus
from generator.k8s import here
from generator.kinds.alerts import Alert, Alerts
from generator.model import Artifact, Project, TextFile
from generator.monitoring import alerts, links, query_url, runbook_file
from generator.promql import NAMESPACE

_TITLES = {"dashboard_url": "Dashboard", "silence_url": "Silence it"}


def render(project: Project) -> Iterator[TextFile]:
    """Yield the pages."""
    for group, alert in alerts(project):
        yield TextFile(runbook_file(alert.name), _page(project, group, alert), group.source)


def _page(project: Project, group: Alerts, alert: Alert) -> str:
    found = links(project, group, alert)
    runbook = alert.runbook.replace(NAMESPACE, here(project).namespace)
    lines = [f"# {alert.name}", "", alert.summary, "", "| | |", "|---|---|"]
    lines += [f"| Severity | {' and '.join(alert.severities)} |", f"| Owner | {alert.owner} |"]
    lines += [f"| {title} | <{found[key]}> |" for key, title in _TITLES.items() if key in found]
    return "\n".join([*lines, "", *_rules(project, alert), runbook.strip(), ""])


def _rules(project: Project, alert: Alert) -> Iterator[str]:
    for tier in alert.tiers:
        for condition in tier.conditions:
            of = "".join(f" {value}" for value in condition.labels.values())
            url = query_url(here(project), condition.value)
            shown = f" ([its value now]({url}))" if url else ""
            yield f"`{tier.severity}`{of} after {prometheus(tier.pending)} of{shown}:"
            yield from ("", "```promql", condition.expr, "```", "")


ARTIFACT = Artifact("runbooks", render)
