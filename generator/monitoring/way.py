"""The way of an alert, from the series that it reads to the message that a person gets."""

import re
from collections.abc import Iterator

from generator.cluster.k8s import here
from generator.kinds._alerting import Alert, AlertGroup, Tier
from generator.kinds.notifications import NOBODY, Inhibition, Notifications, Receiver, Route, picks
from generator.model import Project
from generator.monitoring.alertmanager import timing
from generator.monitoring.common import alerts, links
from generator.rules.promql import parse

_LABEL = re.compile(r"\{\{\s*\$labels\.(\w+)\s*\}\}")
_CHOICE = re.compile(r"\{\{ if [^}]*\}\}(.*?)\{\{ else \}\}(.*?)\{\{ end \}\}")
_VALUE = re.compile(r"\{\{[^}]*\$value[^}]*\}\}")


def lines(project: Project, name: str) -> Iterator[str]:
    """Yield the way of an alert in the project's environment.

    Raises:
        KeyError: there is no such alert.
    """
    found = {alert.name: (group, alert) for group, alert in alerts(project)}
    group, alert = found[name]
    source = group.source
    yield f"{name}: {source.kind} {source.name} ({source.file}), owner {alert.owner}, in {here(project).name}"
    yield from _reads(group, alert)
    for tier in alert.tiers:
        yield from _rule(tier)
        yield from _told(project, group, alert, tier)
    yield from _silenced(project, alert)
    yield f"\n{alert.runbook.strip()}"


def _reads(group: AlertGroup, alert: Alert) -> Iterator[str]:
    recorded = {record.name: record.expr for record in group.records}
    names = [c.expr for tier in alert.tiers for c in tier.conditions]
    metrics: dict[str, None] = {}
    while names:
        for read in parse(names.pop()).reads:
            if read.metric in recorded:
                names.append(recorded.pop(read.metric))
            elif read.metric not in {record.name for record in group.records}:
                metrics[read.metric] = None
    yield f"\nreads {', '.join(sorted(metrics)) or 'nothing but the clock'}"
    if len(recorded) < len(group.records):
        yield f"by way of {len(group.records) - len(recorded)} recorded series"


def _rule(tier: Tier) -> Iterator[str]:
    yield f"\n{tier.severity}, when this has held for {tier.pending}:"
    for condition in tier.conditions:
        marks = ", ".join(f"{label}={value}" for label, value in condition.labels.items())
        yield f"  {condition.expr}" + (f"   [{marks}]" if marks else "")


def _told(project: Project, group: AlertGroup, alert: Alert, tier: Tier) -> Iterator[str]:
    for notifications in project.all(Notifications):
        spec = notifications.spec
        taken = [route for route in spec.routes if route.takes(tier.severity, alert.owner)]
        last = next((i for i, route in enumerate(taken) if not route.continue_), len(taken) - 1)
        for route in taken[: last + 1] or [None]:
            name = route.receiver if route else spec.default or NOBODY
            yield f"  -> {_where(name, spec.receivers.get(name))}{_when(notifications, route, name)}"
            receiver = spec.receivers.get(name)
            if receiver and receiver.slack:
                yield from (f"       {line}" for line in _message(project, group, alert, tier, receiver))


def _where(name: str, receiver: Receiver | None) -> str:
    if receiver is None:
        return "nobody: only shown on dashboards"
    slack = [f"Slack {receiver.slack.channel}"] if receiver.slack else []
    events = [f"event of channel {receiver.webhook.channel}"] if receiver.webhook else []
    return f"{name} ({', '.join([*slack, *events])})"


def _when(notifications: Notifications, route: Route | None, name: str) -> str:
    if name == NOBODY:
        return ""
    by, wait, interval, repeat = timing(notifications.spec, route)
    return f", {wait} after the first of its group ({', '.join(by)}), new ones after {interval}, again every {repeat}"


def _message(project: Project, group: AlertGroup, alert: Alert, tier: Tier, receiver: Receiver) -> Iterator[str]:
    """What a person reads; what only Prometheus knows stands in < >."""
    title = f"{receiver.titles.firing} {alert.name} ({here(project).name})".strip()
    yield f"| {title}"
    yield f"| {_shown(alert.summary, tier)}"
    yield f"| {_shown(tier.description, tier)}"
    yield from (f"| {url}" for url in links(project, group, alert).values())


def _shown(text: str, tier: Tier) -> str:
    own = dict(tier.conditions[0].labels) if len(tier.conditions) == 1 else {}
    text = _CHOICE.sub(r"(\1 / \2)", text)
    text = _LABEL.sub(lambda m: own.get(m[1], f"<{m[1]}>"), text)
    return _VALUE.sub("<value>", text)


def _silenced(project: Project, alert: Alert) -> Iterator[str]:
    rules = [rule for found in project.all(Notifications) for rule in found.spec.inhibitions]
    for rule in rules:
        if picks(rule.target, alert.name, alert.severities):
            yield f"\nnot told while {_named(rule)} fires with the same {', '.join(rule.equal)}"
    if len(alert.tiers) > 1 and "burn_tier" in alert.tiers[0].conditions[0].labels:
        yield "\na faster tier silences the slower ones"


def _named(rule: Inhibition) -> str:
    names, severities = " or ".join(rule.source.alerts), " or ".join(rule.source.severities)
    if names and severities:
        return f"{names} ({severities})"
    return names or (f"a {severities} alert" if severities else "any alert")
