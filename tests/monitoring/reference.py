"""The reference system, built once: what its alerts, routes and dashboards come to in each environment."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import yaml

from generator.kinds._alerting import Alert, AlertGroup
from generator.kinds.alerts import Alerts
from generator.kinds.dashboard import Dashboard
from generator.kinds.metrics import Metrics, own
from generator.kinds.runtime import Runtime
from generator.model import Project
from generator.monitoring.common import alert_groups
from generator.pipeline import build_all
from generator.rules.promql import Family
from tests.rigs.cache import REPOSITORY

ENVIRONMENTS = ("production", "staging")


@lru_cache(maxsize=1)
def _built() -> Mapping[str, Any]:
    return build_all(REPOSITORY).environments


def project(environment: str) -> Project:
    """Everything that is declared, resolved for an environment."""
    return _built()[environment].project


def files(environment: str) -> Mapping[str, str]:
    """Texts of the rendered files by path below the environment."""
    return {path.removeprefix(f"{environment}/"): data.decode() for path, data in _built()[environment].files.items()}


def objects(environment: str, kind: str) -> list[dict[str, Any]]:
    """Rendered objects of a kind."""
    texts = (text for path, text in files(environment).items() if path.startswith("monitoring/"))
    found = [value for text in texts for value in yaml.safe_load_all(text) if value]
    return [value for value in found if value["kind"] == kind]


def dashboard_configs(environment: str) -> list[dict[str, Any]]:
    """The ConfigMaps that Grafana's sidecar loads."""
    return [
        config for config in objects(environment, "ConfigMap") if config["metadata"]["name"].startswith("dashboard-")
    ]


def rule_groups(environment: str) -> list[dict[str, Any]]:
    """The groups of all PrometheusRules, as a rule file of Prometheus has them."""
    return [group for rules in objects(environment, "PrometheusRule") for group in rules["spec"]["groups"]]


def groups(environment: str) -> list[AlertGroup]:
    """Everything that declares alerts."""
    return alert_groups(project(environment))


def alerts(environment: str) -> dict[str, Alert]:
    """All alerts by name, of every kind of spec."""
    return {alert.name: alert for group in groups(environment) for alert in group.alerts}


def single_alerts(environment: str) -> list[str]:
    """Names of the alerts that read metrics and nothing that is recorded for them."""
    return [alert.name for group in project(environment).all(Alerts) for alert in group.alerts]


def families(environment: str) -> dict[str, Family]:
    """All metrics that rules and panels may read, the recorded ones included."""
    found = project(environment).all(Metrics)
    exported = (*own(), *(f for metrics in found for f in metrics.families))
    return {family.name: family for family in (*exported, *_recorded(environment))}


def _recorded(environment: str) -> Iterator[Family]:
    labels: dict[str, set[str]] = {}
    for record in (record for group in groups(environment) for record in group.records):
        labels.setdefault(record.name, set()).update(record.labels)
    yield from (Family(name, "gauge", "", dict.fromkeys(sorted(found), ())) for name, found in labels.items())


def runtime(environment: str, name: str) -> Runtime:
    """A runtime by name."""
    return project(environment).get(Runtime, name)


def dashboards(environment: str) -> tuple[Dashboard, ...]:
    """All dashboards."""
    return project(environment).all(Dashboard)
