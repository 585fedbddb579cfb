"""Does the monitoring stack take what is rendered for it? A selector that takes nothing says nothing."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from generator.live.model import Answer, Examination, Patient, ok, unknown, wrong

_API = "monitoring.coreos.com/v1"
_WATCHED = (
    ("Prometheus", "ServiceMonitor", "serviceMonitorSelector", "serviceMonitorNamespaceSelector", "metrics"),
    ("Prometheus", "PrometheusRule", "ruleSelector", "ruleNamespaceSelector", "alerts"),
    (
        "Alertmanager",
        "AlertmanagerConfig",
        "alertmanagerConfigSelector",
        "alertmanagerConfigNamespaceSelector",
        "notifications",
    ),
)


def run(patient: Patient) -> Iterable[Answer]:
    """Ask the objects of the Prometheus Operator what they select, and look for Prometheus's pods."""
    for owner, kind, selector, spaces, what in _WATCHED:
        for item in patient.of(kind)[:1]:
            yield from _taken(patient, owner, item, (selector, spaces), what)
    if patient.of("ServiceMonitor"):
        yield _pods(patient)


def _taken(
    patient: Patient, owner: str, item: Mapping[str, Any], fields: tuple[str, str], what: str
) -> Iterator[Answer]:
    found = list(patient.cluster.list(_API, owner))
    if patient.cluster.hides(_API, owner):
        yield unknown("monitoring", f"{owner} objects")
    elif not found:
        yield wrong(
            "monitoring", f"there is no {owner} object: nobody takes {what}", "install the Prometheus Operator's stack"
        )
    elif not any(_takes(patient, one, item, fields) for one in found):
        names = ", ".join(one["metadata"]["name"] for one in found)
        labels = ", ".join(f"{k}={v}" for k, v in patient.environment.monitoring.selector_labels.items()) or "no labels"
        yield wrong(
            "monitoring",
            f"{owner} {names} does not take {item['kind']}s of {patient.environment.namespace} with "
            f"{labels}: no {what}",
            f"compare its `{fields[0]}` and `{fields[1]}` with `monitoring.selectorLabels` of the Environment",
        )
    else:
        yield ok("monitoring", f"{owner} takes the {item['kind']}s")


def _takes(patient: Patient, one: Mapping[str, Any], item: Mapping[str, Any], fields: tuple[str, str]) -> bool:
    spec, namespace = one.get("spec", {}), patient.environment.namespace
    chosen = spec.get(fields[0])
    if chosen is None or not selects(chosen, item["metadata"].get("labels", {})):
        return False
    spaces = spec.get(fields[1])
    if spaces is None:
        return one["metadata"].get("namespace") == namespace
    found = patient.cluster.find("v1", "Namespace", "", namespace) or {"metadata": {}}
    return selects(spaces, found["metadata"].get("labels", {}))


def selects(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Return whether a label selector takes these labels; an empty one takes everything."""
    plain = all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items())
    return plain and all(_meets(one, labels) for one in selector.get("matchExpressions", []))


def _meets(one: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    value, values = labels.get(one["key"]), one.get("values", [])
    match one["operator"]:
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case _:
            return value is None


def _pods(patient: Patient) -> Answer:
    monitoring = patient.environment.monitoring
    pods = list(patient.cluster.list("v1", "Pod", monitoring.namespace, monitoring.prometheus_labels))
    shown = ", ".join(f"{k}={v}" for k, v in monitoring.prometheus_labels.items())
    if patient.cluster.hides("v1", "Pod", monitoring.namespace):
        return unknown("monitoring", f"pods of {monitoring.namespace}")
    if not pods:
        return wrong(
            "monitoring",
            f"no pod of {monitoring.namespace} has {shown}: the network rules let no Prometheus in",
            "correct `monitoring.prometheusLabels` of the Environment",
        )
    return ok("monitoring", "the network rules let Prometheus in")


EXAMINATION = Examination("monitoring", run)
