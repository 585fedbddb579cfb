"""A page for each alert: what it is and where to look, then the runbook that people wrote."""

import re
from collections.abc import Iterator

from generator.alert_templates._template import prometheus
from generator.cluster.k8s import here, workload_name
from generator.kinds._alerting import Alert, AlertGroup
from generator.kinds.runtime import Runtime
from generator.model import Artifact, Project, TextFile
from generator.monitoring.common import alerts, links, query_url, runbook_file
from generator.rules.promql import NAMESPACE
from runtime.contract import PORT

_LABEL = re.compile(r"\{\{\s*\$labels\.(\w+)\s*\}\}")
_API = re.compile(r"\$API\b")
_TITLES = {"dashboard_url": "Dashboard", "silence_url": "Silence it"}


def render(project: Project) -> Iterator[TextFile]:
    """Yield the pages."""
    for group, alert in alerts(project):
        yield TextFile(runbook_file(alert.name), _page(project, group, alert), group.source)


def _page(project: Project, group: AlertGroup, alert: Alert) -> str:
    found = links(project, group, alert)
    runbook = alert.runbook.replace(NAMESPACE, here(project).namespace)
    lines = [f"# {alert.name}", "", _LABEL.sub(r"*\1*", alert.summary) + ".", "", "| | |", "|---|---|"]
    lines += [f"| Severity | {' and '.join(alert.severities)} |", f"| Owner | {alert.owner} |"]
    lines += [f"| Its value now | {now} |" for now in [_now(project, alert)] if now]
    lines += [f"| {title} | <{found[key]}> |" for key, title in _TITLES.items() if key in found]
    return "\n".join([*lines, "", *_rules(alert), runbook.strip(), *_api(project, runbook), ""])


def _api(project: Project, runbook: str) -> Iterator[str]:
    """Say once how commands with `$API` and `$AUTH` reach the cluster, on each page that has any.

    `apm runs` would read the store of the machine on which it is typed.
    """
    if not _API.search(runbook):
        return
    namespace = here(project).namespace
    yield from ("", "## The API", "", "Commands with `$API` ask the API in the cluster. Once in a shell:")
    for runtime in project.all(Runtime):
        secret, key = runtime.spec.api_keys.split("/")
        field = key.replace(".", "\\.")
        yield from (
            "",
            "```sh",
            f"kubectl -n {namespace} port-forward service/{workload_name(runtime, 'api')} {PORT}:{PORT} &",
            f"kubectl -n {namespace} get secret {secret} -o jsonpath='{{.data.{field}}}' | base64 -d   # the keys",
            f'API=http://localhost:{PORT} AUTH="Authorization: Bearer KEY"',
            "```",
        )
    yield from ("", "Lists of runs take `workflow`, `state` and `limit`: `$API/runs?state=waiting&limit=20`.")


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
